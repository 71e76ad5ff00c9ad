using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace ParScale.TestSupport.Hub;

/// <summary>
/// A hub on loopback with a second host that serves the large files, as the real one redirects to. It keeps what was asked, and each test
/// may change any answer.
/// </summary>
public sealed class FakeHub : IDisposable
{
    private readonly ConcurrentDictionary<string, FakeRepository> _repositories = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<FakeRequest> _requests = new();
    private readonly FakeHost _hub;
    private readonly FakeHost _files;

    public FakeHub()
    {
        _hub = new FakeHost(isHub: true, Answer);
        _files = new FakeHost(isHub: false, Answer);
    }

    public Uri Endpoint => new($"http://127.0.0.1:{_hub.Port}");

    /// <summary>Where large files are; another host by name and port.</summary>
    public Uri FileHost => new($"http://localhost:{_files.Port}");

    public IReadOnlyList<FakeRequest> Requests => [.. _requests];

    /// <summary>Changes an answer; may return another one.</summary>
    public Func<FakeRequest, FakeAnswer, FakeAnswer> Change { get; set; } = (_, answer) => answer;

    public FakeRepository Add(string id, int seed = 1)
    {
        var repository = new FakeRepository(id, new string((char)('a' + seed % 6), 40));
        _repositories[id] = repository;
        return repository;
    }

    public void Clear() => _requests.Clear();

    public void Dispose()
    {
        _hub.Dispose();
        _files.Dispose();
    }

    private FakeAnswer Answer(FakeRequest request)
    {
        (FakeRequest known, FakeAnswer answer) = Route(request);
        _requests.Enqueue(known);
        return Change(known, answer);
    }

    private (FakeRequest, FakeAnswer) Route(FakeRequest request)
    {
        string[] parts = [.. request.Target.Split('?')[0].Trim('/').Split('/').Select(Uri.UnescapeDataString)];
        if (parts is ["api", "models", var org, var model, ..])
            return (request, _repositories.TryGetValue($"{org}/{model}", out FakeRepository? asked) ? Describe(asked, request, parts) : Missing("RepoNotFound"));
        if (parts is not [var owner, var name, "resolve", var revision, .. var path] || !_repositories.TryGetValue($"{owner}/{name}", out FakeRepository? repository))
            return (request, Missing("RepoNotFound"));
        request = request with { File = string.Join('/', path) };
        if (request.IsHub && !IsShown(repository, request)) return (request, FakeAnswer.Of(401, "GatedRepo"));
        if (revision != repository.Commit && !repository.Revisions.Contains(revision)) return (request, Missing("RevisionNotFound"));
        if (!repository.Files.TryGetValue(request.File, out byte[]? content)) return (request, Missing("EntryNotFound"));
        return (request, Serve(repository, request, content));
    }

    private static FakeAnswer Describe(FakeRepository repository, FakeRequest request, string[] parts)
    {
        if (!IsShown(repository, request)) return FakeAnswer.Of(401, "GatedRepo");
        if (parts is [_, _, _, _, "revision", var revision] && revision != repository.Commit && !repository.Revisions.Contains(revision)) return Missing("RevisionNotFound");
        var siblings = repository.Files.Select(file => !repository.Describes ? new { rfilename = file.Key } : (object)(FakeRepository.IsLarge(file.Key)
            ? new { rfilename = file.Key, size = file.Value.Length, blobId = new string('0', 40), lfs = new { sha256 = FakeRepository.ETag(file.Key, file.Value), size = file.Value.Length } }
            : new { rfilename = file.Key, size = file.Value.Length, blobId = FakeRepository.ETag(file.Key, file.Value) }));
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new { id = repository.Id, sha = repository.Commit, siblings });
        return new FakeAnswer { Body = json }.With("Content-Type", "application/json; charset=utf-8");
    }

    private FakeAnswer Serve(FakeRepository repository, FakeRequest request, byte[] content)
    {
        string etag = FakeRepository.ETag(request.File!, content);
        if (request.IsHub && FakeRepository.IsLarge(request.File!))
        {
            return FakeAnswer.Of(302).With("Location", $"{FileHost.ToString().TrimEnd('/')}{request.Target}?Signature=secret-of-the-address")
                .With("X-Repo-Commit", repository.Commit).With("X-Linked-Etag", $"\"{etag}\"")
                .With("X-Linked-Size", content.Length.ToString(CultureInfo.InvariantCulture)).With("ETag", "\"of-the-redirect\"");
        }
        var answer = new FakeAnswer { Body = content };
        answer.With("ETag", request.IsHub ? $"\"{etag}\"" : $"\"at-the-file-host-{etag[..8]}\"").With("Accept-Ranges", "bytes");
        if (request.IsHub) answer.With("X-Repo-Commit", repository.Commit);
        if (request.RangeStart is not { } start) return answer;
        if (request.Header("If-Range") is { } tag && tag != answer.Headers["ETag"]) return answer;
        if (start >= content.Length) return FakeAnswer.Of(416);
        answer.Status = 206;
        long last = Math.Min(request.RangeEnd ?? long.MaxValue, content.Length - 1);
        answer.Body = content[(int)start..(int)(last + 1)];
        return answer.With("Content-Range", $"bytes {start}-{last}/{content.Length}");
    }

    private static bool IsShown(FakeRepository repository, FakeRequest request) =>
        repository.Token is null || request.Header("Authorization") == $"Bearer {repository.Token}";

    private static FakeAnswer Missing(string code) => FakeAnswer.Of(404, code);
}
