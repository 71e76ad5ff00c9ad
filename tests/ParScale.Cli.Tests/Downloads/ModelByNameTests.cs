using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Checkpoints.Safetensors;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;
using ParScale.Hub;
using ParScale.TestSupport.Hub;

namespace ParScale.Cli.Tests.Downloads;

/// <summary>Models by name, in processes of their own with the variables that the hub's clients read.</summary>
public sealed class ModelByNameTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeHub _hub = new();
    private readonly FakeRepository _repository;

    public ModelByNameTests()
    {
        string source = _folder.File("source");
        CheckpointConfig config = RandomCheckpoint.Config(2, hidden: 64, intermediate: 2000, vocabulary: TinyTokenizer.VocabularySize, endOfText: [TinyTokenizer.EndOfText]);
        RandomCheckpoint.Write(source, config with { StoredType = "float32" }, seed: 7);
        TinyTokenizer.Write(source);
        _repository = _hub.Add("acme/tiny").AddFolder(source);
    }

    private static readonly string[] Use = ["logits", "-m", "acme/tiny", "--tokens", "1"];

    private string Cache => _folder.File("cache");

    [Fact]
    public async Task The_first_use_fetches_and_the_second_asks_nobody()
    {
        Outcome first = await RunAsync("score", "-m", "acme/tiny", "-p", "hello world", "--json");
        first.Json();
        string[] lines = first.Error.TrimEnd().Split('\n');
        Assert.StartsWith("parscale: fetching acme/tiny from 127.0.0.1: 3.", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("parscale: fetched and checked acme/tiny", lines[1], StringComparison.Ordinal);
        _hub.Clear();
        Outcome second = await RunAsync("score", "-m", "acme/tiny", "-p", "hello world", "--json");
        Assert.Equal(first.Out, second.Out);
        Assert.Equal("", second.Error);
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task A_tokenizer_is_fetched_without_the_weights()
    {
        Outcome outcome = await RunAsync("tokenize", "-q", "-m", "acme/tiny", "-p", "hello");
        Assert.Equal((0, ""), (outcome.Exit, outcome.Error));
        Assert.DoesNotContain(_hub.Requests, request => request.File == "model.safetensors");
    }

    [Fact]
    public async Task A_large_fetch_is_refused_where_nobody_can_be_asked()
    {
        _repository.Describes = false;
        _hub.Change = (request, answer) => request is { Method: "HEAD", File: "model.safetensors" } ? answer.With("X-Linked-Size", "1500000000") : answer;
        string line = (await RunAsync(Use)).Fails(2, "HB-21");
        Assert.Contains("1.50 GB", line, StringComparison.Ordinal);
        Assert.Contains("--yes", line, StringComparison.Ordinal);
        Assert.DoesNotContain(_hub.Requests, request => request is { Method: "GET", File: not null });
        // Agreed to, it begins.
        _hub.Clear();
        _hub.Change = (request, answer) => request.File != "model.safetensors" ? answer
            : request.Method == "HEAD" ? answer.With("X-Linked-Size", "1500000000") : FakeAnswer.Of(403);
        (await RunAsync([.. Use, "-q", "--yes"])).Fails(5, "HB-01");
        Assert.Contains(_hub.Requests, request => request is { Method: "GET", File: "model.safetensors" });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Inspect_fetches_headers_and_small_files_and_keeps_nothing(bool sharded)
    {
        long weights = _repository["model.safetensors"].Length;
        JsonElement local = JsonDocument.Parse((await RunAsync("inspect", "-m", _folder.File("source"), "--json")).Out).RootElement;
        if (sharded) Shard();
        _repository["README.md"] = "---\nlicense: mit\n---\n"u8.ToArray();
        _repository["pytorch_model.bin"] = new byte[1000];
        JsonElement remote = (await RunAsync("inspect", "-q", "-m", "acme/tiny", "--json")).Json();
        foreach (string key in (string[])["parameters", "memory_bytes", "tokenizer", "streams", "what"])
            Assert.Equal(local.GetProperty(key).GetRawText(), remote.GetProperty(key).GetRawText());
        Assert.Equal(local.GetProperty("files").GetProperty("bytes").GetInt64(), remote.GetProperty("files").GetProperty("bytes").GetInt64());
        Assert.Equal("mit", remote.GetProperty("licence").GetString());
        Assert.All(_hub.Requests.Where(request => request is { Method: "GET", File: { } file } && file.EndsWith(".safetensors", StringComparison.Ordinal)),
            request => Assert.True(request.RangeEnd < 1 << 16, request.ToString()));
        Assert.True(weights > 1_000_000);
        Assert.DoesNotContain(_hub.Requests, request => request is { Method: "GET", File: "pytorch_model.bin" });
        Assert.False(File.Exists(Path.Combine(Cache, "models--acme--tiny", "refs", "main")));
    }

    [Fact]
    public async Task Inspect_tells_a_repository_that_is_no_model_for_what_it_is()
    {
        foreach (string file in _repository.Files.Keys.ToArray()) _repository.Remove(file);
        _repository["tiny.Q4_K_M.gguf"] = new byte[1000];
        Outcome run = await RunAsync("inspect", "-q", "-m", "acme/tiny");
        (run with { Out = "" }).Fails(3, "CL-03");
        Assert.Contains("--model \"acme/tiny\" has no config.json: it is a folder of GGUF files", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("acme/other", 5, "HB-02")]
    [InlineData("acme/tiny@v9", 5, "HB-02")]
    public async Task A_name_that_is_not_there_names_both_meanings(string name, int exit, string code)
    {
        string line = (await RunAsync("inspect", "-m", name)).Fails(exit, code);
        Assert.Contains($"--model \"{name}\" is no folder here; as a name on the hub:", line, StringComparison.Ordinal);
    }

    [Fact]
    public Task Killed_fetches_go_on_where_they_were() => KillAsync(kills: 4);

    [Fact(Explicit = true)]
    public Task Twenty_kills() => KillAsync(kills: 20);

    [Fact]
    public async Task Two_processes_share_the_work()
    {
        Outcome[] outcomes = await Task.WhenAll(RunAsync(Use), RunAsync(Use));
        Assert.All(outcomes, outcome => Assert.Equal(0, outcome.Exit));
        Assert.Single(_hub.Requests, request => request is { IsHub: false, File: "model.safetensors" });
    }

    private void Shard()
    {
        string folder = _folder.File("shards");
        Directory.CreateDirectory(folder);
        using var whole = SafetensorsFile.Open(Path.Combine(_folder.File("source"), "model.safetensors"));
        JsonObject index = RandomCheckpoint.WriteShards(folder, [.. whole.Tensors.Values.Select(tensor => new TensorToWrite(tensor.Name, tensor.Type, tensor.Shape, whole.Bytes(tensor).ToArray()))], 3);
        _repository.Remove("model.safetensors");
        _repository.AddFolder(folder);
        _repository["model.safetensors.index.json"] = Encoding.UTF8.GetBytes(index.ToJsonString());
    }

    private async Task KillAsync(int kills)
    {
        int length = _repository["model.safetensors"].Length;
        string partial = Path.Combine(Cache, "models--acme--tiny", "blobs", FakeRepository.ETag("model.safetensors", _repository["model.safetensors"]) + ".parscale.incomplete");
        long Kept() => File.Exists(partial) ? new FileInfo(partial).Length : 0;
        for (int kill = 1; kill <= kills; kill++)
        {
            long goal = (long)length * kill / (kills + 1), sent = Kept();
            var reached = new TaskCompletionSource();
            _hub.Change = (request, answer) =>
            {
                if (request is { IsHub: false, File: "model.safetensors" }) answer.BeforePiece = StopAtGoalAsync;
                return answer;
            };
            using Process process = ToolProcess.Start(Variables(), Use);
            Assert.Same(reached.Task, await Task.WhenAny(reached.Task, process.WaitForExitAsync(TestContext.Current.CancellationToken)));
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.InRange(Kept(), goal - (1 << 16), goal + (1 << 16));

            // A piece is sent when the last one is on the disk, so that the kill comes where it shall.
            async Task StopAtGoalAsync()
            {
                while (Kept() < sent) await Task.Delay(1, TestContext.Current.CancellationToken);
                sent += 1 << 16;
                if (sent <= goal) return;
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            }
        }
        long kept = Kept();
        _hub.Clear();
        _hub.Change = (_, answer) => answer;
        Assert.Equal(0, (await RunAsync(Use)).Exit);
        Assert.Equal(kept, Assert.Single(_hub.Requests, request => request is { IsHub: false, File: "model.safetensors" }).RangeStart);
        CachedSnapshot snapshot = Assert.Single(new HubCache(Cache).List());
        Assert.Empty(await new HubCache(Cache).VerifyAsync(snapshot, null, TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetFiles(Cache, "*.incomplete", SearchOption.AllDirectories));
    }

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    private Dictionary<string, string> Variables() => new()
    {
        ["HF_ENDPOINT"] = _hub.Endpoint.ToString(),
        ["HF_HUB_CACHE"] = Cache,
        ["HF_HUB_OFFLINE"] = "",
        ["TRANSFORMERS_OFFLINE"] = "",
        ["HF_TOKEN"] = "hf_secret",
        ["NO_PROXY"] = "127.0.0.1,localhost",
    };

    private async Task<Outcome> RunAsync(params string[] args)
    {
        using Process process = ToolProcess.Start(Variables(), args);
        Outcome outcome = await ToolProcess.FinishAsync(process);
        Assert.DoesNotContain("secret", outcome.Error, StringComparison.Ordinal);
        return outcome;
    }
}
