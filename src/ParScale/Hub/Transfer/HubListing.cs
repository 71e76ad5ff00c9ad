using System.Net;
using System.Text.Json;

namespace ParScale.Hub.Transfer;

/// <summary>What the hub says about a model at a revision: the commit, and the names of all files with what it knows of them.</summary>
/// <param name="Commit">The commit that the revision stands for now.</param>
/// <param name="Files">By path. Length and hash are null where the hub does not tell them in a list.</param>
internal sealed record HubListing(string Commit, IReadOnlyDictionary<string, ListedFile> Files)
{
    private const int MostBytes = 16 << 20;
    private const int MostFiles = 100_000;

    /// <summary>Asks the hub.</summary>
    /// <exception cref="ParScaleException">There is no such model or revision, or the answer is not one of a hub.</exception>
    public static async Task<HubListing> GetAsync(HubConnection hub, ModelName name, TimeSpan timeout, CancellationToken cancellation)
    {
        var url = new Uri(hub.Endpoint, $"api/models/{name.Id}/revision/{Uri.EscapeDataString(name.Revision)}?blobs=true");
        var subject = new HubAnswer.Subject(name);
        using HttpResponseMessage response = await hub.SendAsync(new HubRequest(HttpMethod.Get, url, timeout), cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound && HubAnswer.ErrorCode(response) is null
            && await IsThereAsync(hub, name, timeout, cancellation).ConfigureAwait(false))
            throw HubAnswer.Network("HB-02", $"{name.Id} has no revision {ParScaleException.Quote(name.Revision)}; see {hub.Endpoint}{name.Id}/branches");
        HubAnswer.Require(response, subject, hub);
        string host = HubConnection.HostOf(response);
        if (response.Content.Headers.ContentType?.MediaType is "text/html")
            throw NotHub(host, "a web page instead of a list of files");
        byte[] json = await ReadAsync(response, host, timeout, cancellation).ConfigureAwait(false);
        return Parse(json, host);
    }

    /// <summary>Reads the list.</summary>
    /// <exception cref="ParScaleException">It is no JSON, not the hub's, or names files that leave their folder.</exception>
    public static HubListing Parse(byte[] json, string host)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "sha") is not { } commit || !ModelName.IsCommitHash(commit)
                || !root.TryGetProperty("siblings", out JsonElement siblings) || siblings.ValueKind != JsonValueKind.Array)
                throw NotHub(host, "JSON without a commit and a list of files");
            if (siblings.GetArrayLength() > MostFiles) throw HubAnswer.Network("HB-16", $"{host} lists more than {MostFiles} files");
            var files = new Dictionary<string, ListedFile>(StringComparer.Ordinal);
            foreach (JsonElement sibling in siblings.EnumerateArray())
            {
                if (sibling.ValueKind != JsonValueKind.Object || Text(sibling, "rfilename") is not { } path) throw NotHub(host, "a list with a file that has no name");
                if (HubPath.Escapes(path))
                    throw HubAnswer.Network("HB-11", $"{host} lists a file {ParScaleException.Quote(path)}, which would leave its folder: the repository is not to be trusted");
                files[path] = Read(path, sibling);
            }
            return new HubListing(commit, files);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half a surrogate pair in a text.
            throw NotHub(host, "no valid JSON");
        }
    }

    private static ListedFile Read(string path, JsonElement sibling)
    {
        bool large = sibling.TryGetProperty("lfs", out JsonElement lfs) && lfs.ValueKind == JsonValueKind.Object;
        string? hash = large ? Text(lfs, "sha256") ?? Text(lfs, "oid") : Text(sibling, "blobId");
        return new ListedFile(path, (large ? Number(lfs, "size") : null) ?? Number(sibling, "size"), hash is not null && ContentHash.IsHash(hash) ? hash : null);
    }

    private static async Task<bool> IsThereAsync(HubConnection hub, ModelName name, TimeSpan timeout, CancellationToken cancellation)
    {
        var request = new HubRequest(HttpMethod.Get, new Uri(hub.Endpoint, $"api/models/{name.Id}"), timeout);
        using HttpResponseMessage response = await hub.SendAsync(request, cancellation).ConfigureAwait(false);
        return response.IsSuccessStatusCode;
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, string host, TimeSpan timeout, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(timeout);
        using var bytes = new MemoryStream();
        try
        {
            using Stream body = await HubConnection.OpenAsync(response, timer.Token).ConfigureAwait(false);
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = await body.ReadAsync(buffer, timer.Token).ConfigureAwait(false)) > 0; timer.CancelAfter(timeout))
            {
                if (bytes.Length + read > MostBytes) throw HubAnswer.Network("HB-16", $"{host} sends a list of files of over {MostBytes >> 20} MiB");
                bytes.Write(buffer, 0, read);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientFailure(HubAnswer.Network("HB-15", $"{host} stopped in the middle of the list of files"));
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            throw new TransientFailure(HubAnswer.Network("HB-04", $"{host} broke off in the middle of the list of files"));
        }
        return bytes.ToArray();
    }

    private static ParScaleException NotHub(string host, string what) =>
        HubAnswer.Network("HB-13", $"{host} answers with {what}: it is not a hub, or a proxy or a login page stands before it; check HF_ENDPOINT and the network");

    private static string? Text(JsonElement parent, string key) =>
        parent.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement parent, string key) =>
        parent.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number is >= 0 and <= FileMetadata.MostBytes ? number : null;
}

/// <summary>A file in the hub's list.</summary>
/// <param name="Path">Its path in the repository.</param>
/// <param name="Bytes">Its length, when the list tells it.</param>
/// <param name="Hash">SHA-256 for large files, git's SHA-1 for small ones, when the list tells it.</param>
internal sealed record ListedFile(string Path, long? Bytes, string? Hash);
