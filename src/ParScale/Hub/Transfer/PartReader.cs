using System.Net;
using System.Net.Http.Headers;

namespace ParScale.Hub.Transfer;

/// <summary>
/// Reads parts of the files of a plan, without the rest. A part cannot be compared with the hash of its file: whoever reads it proves in
/// another way that it is what it should be.
/// </summary>
/// <param name="hub">The hub.</param>
/// <param name="retry">Tries again after failures that may pass.</param>
/// <param name="plan">The model and the commit.</param>
/// <param name="stall">How long nothing may come.</param>
internal sealed class PartReader(HubConnection hub, Retry retry, HubPlan plan, TimeSpan stall)
{
    private const int LargestFile = 256 << 20;

    /// <summary>The bytes of a file from <paramref name="start"/> on.</summary>
    /// <exception cref="ParScaleException">The hub refuses, breaks off too often, or sends no parts (HB-07).</exception>
    public Task<byte[]> ReadAsync(HubFile file, long start, int length, CancellationToken cancellation) => length == 0
        ? Task.FromResult<byte[]>([])
        : retry.RunAsync(() => TryAsync(file, start, length, cancellation), cancellation);

    /// <summary>The bytes of a whole small file of the plan, checked by its hash.</summary>
    /// <exception cref="ParScaleException">It is over 256 MiB (HB-19), the hub refuses, or the bytes are others than it says (HB-05).</exception>
    public async Task<byte[]> ReadWholeAsync(HubFile file, CancellationToken cancellation)
    {
        string subject = $"{plan.Name}: {ParScaleException.Quote(file.Path)}";
        if (file.Bytes > LargestFile) throw new ParScaleException(ErrorKind.BadInput, "HB-19", $"{subject} is {file.Bytes} bytes; at most {LargestFile} are read");
        byte[] bytes = await ReadAsync(file, 0, (int)file.Bytes, cancellation).ConfigureAwait(false);
        using var hash = new ContentHash(file.Hash, file.Bytes);
        hash.Append(bytes);
        return hash.Matches() ? bytes : throw new ParScaleException(ErrorKind.HashMismatch, "HB-05",
            $"{subject} has not the hash that the hub names: it was damaged on the way or on the server; fetch it again");
    }

    private async Task<byte[]> TryAsync(HubFile file, long start, int length, CancellationToken cancellation)
    {
        var request = new HubRequest(HttpMethod.Get, FileMetadata.Address(hub.Endpoint, plan.Name, plan.Commit, file.Path), stall)
        {
            LeaveHub = true,
            Prepare = message => message.Headers.Range = new RangeHeaderValue(start, start + length - 1),
            Inspect = answer => FileMetadata.RequireSame(answer, plan.Name, plan.Commit, file),
        };
        using HttpResponseMessage response = await hub.SendAsync(request, cancellation).ConfigureAwait(false);
        string subject = $"{plan.Name}: {ParScaleException.Quote(file.Path)}";
        HubAnswer.Require(response, new HubAnswer.Subject(plan.Name, file.Path), hub);
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        // A server that knows no parts may send all of it, where all of it is wanted.
        bool isWhole = response.StatusCode == HttpStatusCode.OK && start == 0 && length == file.Bytes;
        if (!isWhole && (response.StatusCode != HttpStatusCode.PartialContent || range?.From != start || (range.Length ?? file.Bytes) != file.Bytes))
            throw HubAnswer.Network("HB-07", $"{subject}: the server sends another part than was asked for");
        byte[] bytes = new byte[length];
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            using Stream body = await HubConnection.OpenAsync(response, cancellation).ConfigureAwait(false);
            int done = 0;
            for (int read = -1; done < length && read != 0; done += read)
            {
                timer.CancelAfter(stall);
                read = await body.ReadAsync(bytes.AsMemory(done), timer.Token).ConfigureAwait(false);
            }
            return done == length ? bytes : throw Broken(subject, done, length);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientFailure(HubAnswer.Network("HB-15", $"{subject}: the server sends nothing any more"));
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            throw Broken(subject, 0, length);
        }
    }

    private static TransientFailure Broken(string subject, int done, int length) =>
        new(HubAnswer.Network("HB-04", $"{subject}: the server broke off after {done} of {length} bytes"));
}
