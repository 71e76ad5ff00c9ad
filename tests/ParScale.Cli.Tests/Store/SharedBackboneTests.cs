using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;
using ParScale.TestSupport.Hub;

namespace ParScale.Cli.Tests.Store;

/// <summary>The published frozen sets by name, in small, from a hub on loopback: processes of their own, for the environment variables.</summary>
public sealed class SharedBackboneTests : IDisposable
{
    private const string Eight = "ParScale/ParScale-Qwen-3B-P8-Python", Two = "ParScale/ParScale-Qwen-3B-P2-Python";

    private readonly TempFolder _folder = new();
    private readonly FakeHub _hub = new();

    public SharedBackboneTests()
    {
        foreach ((string name, int streams) in ((string, int)[])[(Eight, 8), (Two, 2)])
        {
            CheckpointConfig config = RandomCheckpoint.Config(streams, hidden: 32, intermediate: 600, vocabulary: 1000);
            RandomCheckpoint.Write(_folder.File(name), config, seed: streams, sharded: true, change: (tensor, values) =>
            {
                if (ModelTensors.IsOfStreams(tensor)) return;
                var random = new Random(tensor.Sum(letter => letter));
                for (int i = 0; i < values.Length; i++) values[i] = (float)random.NextDouble() - 0.5f;
            });
            TinyTokenizer.Write(_folder.File(name));
            _hub.Add(name, seed: streams).AddFolder(_folder.File(name));
        }
    }

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Streams_choose_among_the_sets_and_the_backbone_is_fetched_once()
    {
        string[] eight = await LogitsAsync("-m", Eight);
        Assert.Equal(Local(Eight), eight);
        _hub.Clear();
        Assert.Equal(Local(Two), await LogitsAsync("-m", Eight, "--streams", "2"));
        // A fetch of whole files asks for no range, or for one without an end.
        Assert.All(_hub.Requests.Where(request => !request.IsHub), request => Assert.NotNull(request.RangeEnd));

        // From now on without the hub, under any name.
        Assert.Equal(Local(Two), await LogitsAsync(offline: true, "-m", Two));
        Assert.Equal(Local(Two), await LogitsAsync(offline: true, "-m", Eight, "--add-streams", Two, "--streams", "2"));
        Assert.Equal(Local(Eight), await LogitsAsync(offline: true, "-m", Two, "--streams", "8"));
        Assert.Equal(Local(Two, "--streams", "1"), await LogitsAsync(offline: true, "-m", Two, "--streams", "1"));

        // A chat has all sets that are here, to switch between them.
        string variables = string.Join(' ', Variables(offline: true).Select(pair => $"{pair.Key}={pair.Value}"));
        Outcome chat = await ToolProcess.ShellAsync(
            $"printf '/streams 8\n/streams p2\nthe\n' | {variables} $PARSCALE chat -m {Eight} --streams 2 --chat-template none -n 1 --lines", Eight);
        Assert.True(chat.Exit == 0, chat.Error);
        foreach (string use in (string[])["p8 (P 8), in use", "p2 (P 2), in use"]) Assert.Contains(use, chat.Error, StringComparison.Ordinal);

        JsonElement[] rows = [.. (await RunAsync(offline: true, "list", "--json")).Json().GetProperty("models").EnumerateArray()];
        Assert.Equal([(Two, "streams"), (Eight, "fetched")], rows.Select(row => (row.GetProperty("name").GetString()!, row.GetProperty("kind").GetString()!)));
        (await RunAsync(offline: true, "rm", Eight, "--yes")).Fails(2, "LS-04");
        Assert.Equal(2, (await RunAsync(offline: true, "rm", Eight, Two, "--yes", "--json")).Json().GetProperty("removed").GetArrayLength() - 1);
    }

    [Fact]
    public async Task A_quantised_copy_is_made_once_and_needs_no_hub_then()
    {
        Outcome first = await RunAsync(offline: false, "logits", "-m", Two, "--dtype", "q8", "--tokens", "1,2,3", "--json");
        Assert.Contains("kept it for the next start", first.Error, StringComparison.Ordinal);
        Outcome second = await RunAsync(offline: true, "logits", "-m", Two, "--dtype", "q8", "--tokens", "1,2,3", "--json");
        Assert.DoesNotContain("quantised", second.Error, StringComparison.Ordinal);
        Assert.Equal(first.Out, second.Out);
        Assert.Equal(Tool.Run("logits", "-m", _folder.File(Two), "--dtype", "q8", "--tokens", "1,2,3", "--json").Out, second.Out);
        Outcome pulled = await RunAsync(offline: false, "pull", Two, "--dtype", "q4", "--json");
        JsonElement model = pulled.Json().GetProperty("models")[0];
        Assert.Equal(0, model.GetProperty("fetched_bytes").GetInt64());
        Assert.True(Directory.Exists(model.GetProperty("quantized").GetString()));
    }

    [Fact]
    public async Task Copies_of_a_folder_are_kept_when_asked_and_go_alone()
    {
        string folder = _folder.File(Two);
        string[] asked = ["logits", "-m", folder, "--dtype", "q8", "--tokens", "1,2,3", "--json"];
        Assert.Equal("", (await RunAsync(offline: true, asked)).Error);
        Assert.Contains("kept it", (await RunAsync(offline: true, [.. asked, "--keep-quantized", "yes"])).Error, StringComparison.Ordinal);
        JsonElement row = Assert.Single((await RunAsync(offline: true, "list", "--json")).Json().GetProperty("models").EnumerateArray());
        Assert.Equal(folder, row.GetProperty("name").GetString());
        Assert.Equal("q8", row.GetProperty("kind").GetString());
        await RunAsync(offline: true, "rm", folder, "--yes");
        Assert.True(File.Exists(Path.Combine(folder, "config.json")));
        Assert.Equal(0, (await RunAsync(offline: true, "list", "--json")).Json().GetProperty("models").GetArrayLength());
        Tool.Run("logits", "-m", folder, "--keep-quantized", "maybe", "--tokens", "1").Fails(2, "CL-02");
    }

    private Task<string[]> LogitsAsync(params string[] args) => LogitsAsync(offline: false, args);

    private async Task<string[]> LogitsAsync(bool offline, params string[] args) => Last(await RunAsync(offline, ["logits", .. args, "--tokens", "1,2,3", "--json"]));

    private string[] Local(string name, params string[] args) => Last(Tool.Run(["logits", "-m", _folder.File(name), "--tokens", "1,2,3", "--json", .. args]));

    private static string[] Last(Outcome outcome) => [.. outcome.Json().GetProperty("last").EnumerateArray().Select(value => value.GetRawText())];

    private Dictionary<string, string> Variables(bool offline) => new()
    {
        ["HF_HOME"] = _folder.File("home"),
        ["HF_ENDPOINT"] = _hub.Endpoint.ToString(),
        ["HF_HUB_OFFLINE"] = offline ? "1" : "0",
        ["HF_HUB_CACHE"] = "",
        ["PARSCALE_CACHE"] = "",
        ["NO_PROXY"] = "127.0.0.1,localhost",
    };

    private async Task<Outcome> RunAsync(bool offline, params string[] args)
    {
        using var process = ToolProcess.Start(Variables(offline), args);
        return await ToolProcess.FinishAsync(process);
    }
}
