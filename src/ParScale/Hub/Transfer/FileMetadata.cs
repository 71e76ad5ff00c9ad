using System.Globalization;
using System.Net.Http.Headers;

namespace ParScale.Hub.Transfer;

/// <summary>Length, ETag and hash of a file at a commit: from the hub's list, or where that does not tell them, from a HEAD request.</summary>
/// <param name="hub">The hub.</param>
/// <param name="timeout">How long it may take to answer.</param>
internal sealed class FileMetadata(HubConnection hub, TimeSpan timeout)
{
    /// <summary>The longest file that is believed: 2^50 bytes. What is longer has no length that can be used.</summary>
    public const long MostBytes = 1L << 50;

    private const int LongestETag = 128;

    /// <summary>The address of a file at a commit.</summary>
    public static Uri Address(Uri endpoint, ModelName name, string commit, string path) =>
        new(endpoint, $"{name.Id}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    /// <summary>What is known of a file.</summary>
    /// <exception cref="ParScaleException">The hub does not tell what the content must be (HB-09), or contradicts itself (HB-08).</exception>
    public async Task<HubFile> GetAsync(ModelName name, string commit, ListedFile listed, CancellationToken cancellation)
    {
        if (listed is { Bytes: { } bytes, Hash: { } hash }) return new HubFile(listed.Path, bytes, hash, hash);
        Uri url = Address(hub.Endpoint, name, commit, listed.Path);
        using HttpResponseMessage response = await hub.SendAsync(new HubRequest(HttpMethod.Head, url, timeout), cancellation).ConfigureAwait(false);
        // A redirect to where the content lies is the answer: it carries the hub's own headers.
        if ((int)response.StatusCode is < 300 or >= 400) HubAnswer.Require(response, new HubAnswer.Subject(name, listed.Path), hub);
        RequireSame(response, name, commit, listed.Path);
        string etag = ETag(response, name, listed.Path);
        string? content = ContentHash.IsHash(etag) ? etag : listed.Hash;
        if (content is null) throw Unnamed(name, listed.Path, "an ETag that is no hash, so its content cannot be checked");
        long length = Length(response) ?? listed.Bytes ?? throw Unnamed(name, listed.Path, "no length");
        if (length > MostBytes) throw Unnamed(name, listed.Path, $"a length of {length} bytes, which cannot be");
        return new HubFile(listed.Path, length, etag, content);
    }

    /// <summary>Compares an answer with what the file is known to be, as far as the answer tells.</summary>
    /// <exception cref="ParScaleException">The hub now speaks of another commit or another content (HB-08).</exception>
    public static void RequireSame(HttpResponseMessage response, ModelName name, string commit, HubFile file)
    {
        RequireSame(response, name, commit, file.Path);
        // Only the hub's own header: some mirrors give small files ETags of their own, and the hash decides in any case.
        if (Normalize(HubAnswer.Header(response, "X-Linked-Etag")) is { } etag && etag != file.ETag) throw Changed(name, file.Path);
    }

    /// <summary>The ETag without quotes and without the mark of a weak one, as clients name blobs.</summary>
    public static string? Normalize(string? etag)
    {
        etag = etag?.Trim();
        if (etag?.StartsWith("W/", StringComparison.Ordinal) == true) etag = etag[2..];
        return etag?.Trim('"');
    }

    private static void RequireSame(HttpResponseMessage response, ModelName name, string commit, string path)
    {
        if (HubAnswer.Header(response, "X-Repo-Commit") is { } other && other != commit) throw Changed(name, path);
    }

    private static string ETag(HttpResponseMessage response, ModelName name, string path)
    {
        string? etag = Normalize(HubAnswer.Header(response, "X-Linked-Etag") ?? HubAnswer.Header(response, "ETag"));
        if (string.IsNullOrEmpty(etag)) throw Unnamed(name, path, "no ETag");
        bool isName = etag.Length <= LongestETag && !etag.Contains('/', StringComparison.Ordinal) && HubPath.IsPortable(etag) && etag[0] != '.' && etag.All(char.IsAscii);
        return isName ? etag : throw Unnamed(name, path, $"an ETag {ParScaleException.Quote(etag)}, which cannot be the name of a file");
    }

    private static long? Length(HttpResponseMessage response)
    {
        if (long.TryParse(HubAnswer.Header(response, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out long linked)) return linked;
        HttpContentHeaders headers = response.Content.Headers;
        // The length of a redirect's own body says nothing.
        return response.IsSuccessStatusCode && headers.ContentEncoding.Count == 0 ? headers.ContentLength : null;
    }

    private static ParScaleException Unnamed(ModelName name, string path, string what) =>
        HubAnswer.Network("HB-09", $"{name}: the hub gives {ParScaleException.Quote(path)} {what}; check HF_ENDPOINT");

    private static ParScaleException Changed(ModelName name, string path) =>
        HubAnswer.Network("HB-08", $"{name}: {ParScaleException.Quote(path)} changed while it was fetched; fetch again");
}
