using System.Net;
using System.Net.Http.Headers;
using ParScale.Files;
using ParScale.Hub.Cache;

namespace ParScale.Hub.Transfer;

/// <summary>
/// Brings the content of one file to the disk: goes on where an earlier try, an earlier process or a kill left it, and gives the blob its
/// name only when its length and its hash are those that the hub named.
/// </summary>
/// <param name="hub">The hub.</param>
/// <param name="repository">Where the blob goes. The caller holds its lock.</param>
/// <param name="plan">The model and the commit.</param>
/// <param name="file">The file.</param>
/// <param name="stall">How long nothing may come.</param>
/// <param name="meter">Told of every byte.</param>
internal sealed class BlobDownload(HubConnection hub, RepositoryFolder repository, HubPlan plan, HubFile file, TimeSpan stall, ProgressMeter meter) : IDisposable
{
    private const int BufferBytes = 1 << 18;

    private readonly ContentHash _hash = new(file.Hash, file.Bytes);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private FileStream? _partial;

    // Bytes in the file, which are those that were hashed.
    private long _length;

    // The most that the file held.
    private long _furthest;

    // Whether all bytes in the file came in one answer; if not, a wrong hash may be the fault of an older part.
    private bool _isOnePiece;

    // Tells the server which content the first bytes are of; known only within this process.
    private EntityTagHeaderValue? _validator;

    /// <summary>Fetches the blob.</summary>
    /// <exception cref="ParScaleException">The hub refuses, breaks off too often, or sends another content (HB-05).</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The cache may not be written.</exception>
    public async Task RunAsync(Retry retry, CancellationToken cancellation)
    {
        Directory.CreateDirectory(repository.Blobs);
        string path = repository.Partial(file.ETag);
        _partial = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        await TakeOverAsync(cancellation).ConfigureAwait(false);
        await FetchRestAsync(retry, cancellation).ConfigureAwait(false);
        if (!_hash.Matches())
        {
            bool wasOnePiece = _isOnePiece;
            Restart();
            if (wasOnePiece) throw Damaged(path);
            await FetchRestAsync(retry, cancellation).ConfigureAwait(false);
            if (!_hash.Matches()) throw Damaged(path);
        }
        DiskFlush.File(_partial);
        _partial.Dispose();
        File.Move(path, repository.Blob(file.ETag), overwrite: true);
        DiskFlush.Folder(repository.Blobs);
    }

    public void Dispose()
    {
        _partial?.Dispose();
        _hash.Dispose();
    }

    private async Task FetchRestAsync(Retry retry, CancellationToken cancellation)
    {
        _isOnePiece = _length == 0;
        if (_length < file.Bytes || file.Bytes == 0) await retry.RunAsync(() => TryAsync(cancellation), () => _furthest, cancellation).ConfigureAwait(false);
    }

    // Hashes what is there already.
    private async Task TakeOverAsync(CancellationToken cancellation)
    {
        if (_partial!.Length > file.Bytes) _partial.SetLength(0);
        for (int read; (read = await _partial.ReadAsync(_buffer, cancellation).ConfigureAwait(false)) > 0; _length += read)
            _hash.Append(_buffer.AsSpan(0, read));
        meter.AddKept(_length);
        _furthest = _length;
    }

    private void Restart()
    {
        meter.Discard(_length);
        _partial!.SetLength(0);
        _hash.Restart();
        (_length, _isOnePiece, _validator) = (0, true, null);
    }

    private async Task<bool> TryAsync(CancellationToken cancellation)
    {
        if (_length > 0) _isOnePiece = false;
        var request = new HubRequest(HttpMethod.Get, FileMetadata.Address(hub.Endpoint, plan.Name, plan.Commit, file.Path), stall)
        {
            LeaveHub = true,
            Prepare = AskForRest,
            Inspect = answer => FileMetadata.RequireSame(answer, plan.Name, plan.Commit, file),
        };
        using HttpResponseMessage response = await hub.SendAsync(request, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            Restart();
            throw Broken("HB-07", "refuses to go on in the middle");
        }
        HubAnswer.Require(response, new HubAnswer.Subject(plan.Name, file.Path), hub);
        RequirePlace(response);
        _validator = response.Headers.ETag is { IsWeak: false } tag ? tag : null;
        using Stream body = await HubConnection.OpenAsync(response, cancellation).ConfigureAwait(false);
        await CopyAsync(body, cancellation).ConfigureAwait(false);
        return true;
    }

    private void AskForRest(HttpRequestMessage request)
    {
        if (_length == 0) return;
        request.Headers.Range = new RangeHeaderValue(_length, null);
        if (_validator is not null) request.Headers.IfRange = new RangeConditionHeaderValue(_validator);
    }

    // Whether the answer continues what is there, or begins again.
    private void RequirePlace(HttpResponseMessage response)
    {
        HttpContentHeaders headers = response.Content.Headers;
        bool encoded = headers.ContentEncoding.Count > 0;
        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            ContentRangeHeaderValue? range = headers.ContentRange;
            if (!encoded && range?.From == _length && (range.Length ?? file.Bytes) == file.Bytes) return;
            Restart();
            throw Broken("HB-07", "sends another part than was asked for");
        }
        if (_length > 0) Restart();
        if (!encoded && headers.ContentLength is { } length && length != file.Bytes)
            throw Broken("HB-04", $"announces {length} bytes instead of {file.Bytes}");
    }

    private async Task CopyAsync(Stream body, CancellationToken cancellation)
    {
        while (true)
        {
            int read = await ReadAsync(body, cancellation).ConfigureAwait(false);
            if (read == 0) break;
            if (read > file.Bytes - _length)
            {
                Restart();
                throw HubAnswer.Network("HB-14", $"{Subject} is longer than the {file.Bytes} bytes that the hub named; nothing of it is kept");
            }
            await _partial!.WriteAsync(_buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
            _hash.Append(_buffer.AsSpan(0, read));
            _length += read;
            _furthest = Math.Max(_furthest, _length);
            meter.AddReceived(read);
        }
        if (_length < file.Bytes) throw Broken("HB-04", $"broke off after {_length} of {file.Bytes} bytes");
    }

    private async Task<int> ReadAsync(Stream body, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(stall);
        try
        {
            return await body.ReadAsync(_buffer, timer.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Broken("HB-15", $"sends nothing any more, after {_length} of {file.Bytes} bytes");
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            throw Broken("HB-04", $"broke off after {_length} of {file.Bytes} bytes");
        }
    }

    private string Subject => $"{plan.Name}: {ParScaleException.Quote(file.Path)}";

    private TransientFailure Broken(string code, string what) => new(HubAnswer.Network(code, $"{Subject}: the server {what}"));

    private ParScaleException Damaged(string path)
    {
        _partial!.Dispose();
        File.Delete(path);
        return new ParScaleException(ErrorKind.HashMismatch, "HB-05",
            $"{Subject} has not the {(file.Hash.Length == 40 ? "git id" : "SHA-256")} that the hub names: it was damaged on the way or changed on the server, and is not kept; fetch again");
    }
}
