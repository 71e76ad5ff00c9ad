using ParScale.Configuration;
using ParScale.Hub;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Hub;

/// <summary>A hub with one small model, and an empty cache of one's own.</summary>
internal sealed class HubFixture : IDisposable
{
    public const string Id = "acme/tiny";

    private readonly TempFolder _folder = new();

    public HubFixture(bool sharded = false, string? cacheFolder = null)
    {
        CacheFolder = cacheFolder ?? _folder.File("cache");
        string source = _folder.File("source");
        CheckpointConfig config = RandomCheckpoint.Config(2, vocabulary: TinyTokenizer.VocabularySize, endOfText: [TinyTokenizer.EndOfText]);
        RandomCheckpoint.Write(source, config with { StoredType = "float32" }, seed: 7, sharded: sharded);
        TinyTokenizer.Write(source);
        File.WriteAllText(Path.Combine(source, "generation_config.json"), "{}");
        Repository = Hub.Add(Id).AddFolder(source);
        Repository["README.md"] = "read me"u8.ToArray();
        Repository["pytorch_model.bin"] = new byte[100];
        Repository["modeling_tiny.py"] = "import os"u8.ToArray();
        Repository["onnx/model.safetensors"] = new byte[100];
    }

    public FakeHub Hub { get; } = new();

    public FakeRepository Repository { get; }

    public string CacheFolder { get; }

    public ModelName Name { get; } = ModelName.Parse(Id);

    /// <summary>How long the client wanted to wait between tries. It does not.</summary>
    public List<TimeSpan> Waits { get; } = [];

    public HubOptions Options => new()
    {
        CacheFolder = CacheFolder,
        Endpoint = Hub.Endpoint,
        Environment = new HubEnvironment(_ => null),
        Offline = false,
        DownloadTimeout = TimeSpan.FromSeconds(20),
        Wait = (time, _) =>
        {
            lock (Waits) Waits.Add(time);
            return Task.CompletedTask;
        },
    };

    public string Blobs => Path.Combine(CacheFolder, "models--acme--tiny", "blobs");

    public async Task<string> FetchAsync(HubOptions? options = null, IProgress<HubProgress>? progress = null)
    {
        using var client = new HubClient(options ?? Options);
        return await client.FetchAsync(Name, progress, TestContext.Current.CancellationToken);
    }

    public async Task<ParScaleException> FailsAsync(ErrorKind kind, string code, HubOptions? options = null)
    {
        ParScaleException error = await Assert.ThrowsAsync<ParScaleException>(() => FetchAsync(options));
        Assert.True(error.Kind == kind && error.Code == code, $"{error.Kind} {error.Code}: {error.Message}");
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        RequireNothingWrong();
        return error;
    }

    /// <summary>Whatever is in the cache under the name of a content or of a file is that content.</summary>
    public void RequireNothingWrong()
    {
        if (!Directory.Exists(Blobs)) return;
        foreach (string blob in Directory.GetFiles(Blobs).Where(path => !path.EndsWith(".incomplete", StringComparison.Ordinal)))
        {
            byte[] content = File.ReadAllBytes(blob);
            Assert.Contains(Path.GetFileName(blob), (string[])[FakeRepository.ETag("x.safetensors", content), FakeRepository.ETag("x.json", content)]);
        }
        string snapshot = Path.Combine(CacheFolder, "models--acme--tiny", "snapshots", Repository.Commit);
        if (!Directory.Exists(snapshot)) return;
        foreach (string file in Directory.GetFiles(snapshot)) Assert.Equal(Repository[Path.GetFileName(file)], File.ReadAllBytes(file));
    }

    public void Dispose()
    {
        Hub.Dispose();
        _folder.Dispose();
    }
}
