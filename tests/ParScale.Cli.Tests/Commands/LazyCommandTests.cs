using System.Globalization;
using System.Text.Json;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;

namespace ParScale.Cli.Tests.Commands;

/// <summary>What commands say and do with streams of an elastic model that rest where its plain model is sure.</summary>
public sealed class LazyCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public LazyCommandTests()
    {
        CheckpointConfig config = RandomCheckpoint.Config(
            4, hidden: 16, heads: 2, keyValueHeads: 1, intermediate: 24, vocabulary: TinyTokenizer.VocabularySize, prefix: 3, endOfText: [TinyTokenizer.EndOfText]);
        RandomCheckpoint.Write(_folder.Path, config, seed: 6);
        CutCheckpoint.MakeElastic(_folder.Path, 1, 2, 4);
        TinyTokenizer.Write(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Streams_per_token_and_what_they_caught_up_on_are_told()
    {
        string[] common = ["generate", "-m", _folder.Path, "-p", "the cat", "-n", "60", "-s", "2", "--ignore-eos"];
        JsonElement Ask(params string[] flags) => Tool.Run([.. common, "--json", .. flags]).Json();
        JsonElement all = Ask("--streams", "auto", "--stream-threshold", "0"), none = Ask("--streams", "auto", "--stream-threshold", "100"), some = Ask("--streams", "auto");
        Assert.Equal(Ask("--streams", "4").GetProperty("ids").GetRawText(), all.GetProperty("ids").GetRawText());
        Assert.Equal(Ask("--streams", "1").GetProperty("ids").GetRawText(), none.GetProperty("ids").GetRawText());
        int prompt = all.GetProperty("prompt_tokens").GetInt32();
        Assert.Equal((4.0, prompt + 59), (all.GetProperty("mean_streams").GetDouble(), all.GetProperty("catch_up_tokens").GetInt32()));
        Assert.Equal((1.0, 0), (none.GetProperty("mean_streams").GetDouble(), none.GetProperty("catch_up_tokens").GetInt32()));
        (double mean, int caughtUp) = (some.GetProperty("mean_streams").GetDouble(), some.GetProperty("catch_up_tokens").GetInt32());
        Assert.InRange(mean, 1.05, 1.7);
        Assert.InRange(caughtUp, prompt, prompt + 59);
        Assert.False(Ask().TryGetProperty("catch_up_tokens", out _));
        string words = Tool.Run([.. common, "--streams", "auto"]).Error;
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| P 4 (mean {mean:F2} by entropy, caught up on {caughtUp} tokens) |"), words, StringComparison.Ordinal);
    }

    [Fact]
    public void What_decided_is_told()
    {
        string[] common = ["generate", "-m", _folder.Path, "-p", "the cat", "-n", "30", "-s", "2", "--ignore-eos"];
        JsonElement Ask(params string[] flags) => Tool.Run([.. common, "--json", .. flags]).Json();
        JsonElement byEntropy = Ask("--streams", "auto");
        Assert.Equal("entropy", byEntropy.GetProperty("stream_gate").GetString());
        Outcome none = Tool.Run([.. common, "--streams", "auto", "--stream-gate", "router"]);
        Assert.Equal(2, none.Exit);
        Assert.Contains("GE-08", none.Error, StringComparison.Ordinal);
        GateFiles.Write(_folder.Path, 4);
        JsonElement byRouter = Ask("--streams", "auto", "--stream-budget", "1.5");
        Assert.Equal("router", byRouter.GetProperty("stream_gate").GetString());
        Assert.InRange(byRouter.GetProperty("mean_streams").GetDouble(), 1, 1.9);
        JsonElement entropyAgain = Ask("--streams", "auto", "--stream-gate", "entropy");
        Assert.Equal(byEntropy.GetProperty("ids").GetRawText(), entropyAgain.GetProperty("ids").GetRawText());
        Assert.Equal("entropy", Ask("--streams", "auto", "--stream-threshold", "1").GetProperty("stream_gate").GetString());
        Assert.False(Ask().TryGetProperty("stream_gate", out _));
        Assert.Contains(" by router", Tool.Run([.. common, "--streams", "auto"]).Error, StringComparison.Ordinal);
        Assert.Equal(2, Tool.Run([.. common, "--stream-gate", "router"]).Exit);
        Outcome chat = Tool.Pipe("a\n", "chat", "-m", _folder.Path, "--chat-template", "none", "--lines", "-n", "8", "--streams", "auto", "--json");
        Assert.Equal("router", chat.Json().GetProperty("turns")[0].GetProperty("stream_gate").GetString());
    }

    [Fact]
    public void A_chat_turns_to_any_number_of_them()
    {
        Outcome chat = Tool.Pipe(
            "a\n/streams auto\nb\n/streams 2\n/streams auto\nc\n/streams 1\nd\n/streams auto\ne\n", "chat", "-m", _folder.Path, "--chat-template", "none", "--lines", "-n", "12", "--ignore-eos", "--json");
        JsonElement[] turns = [.. chat.Json().GetProperty("turns").EnumerateArray()];
        Assert.Equal([4, 4, 2, 1, 4], turns.Select(turn => turn.GetProperty("streams").GetInt32()));
        Assert.Equal([false, true, true, false, true], turns.Select(turn => turn.TryGetProperty("mean_streams", out _) && turn.TryGetProperty("catch_up_tokens", out _)));
        // Of tokens that all streams chose; without such a token there are none.
        Assert.All(turns, turn => Assert.Equal(turn.GetProperty("stream_weights").GetArrayLength() == 0 ? 0 : 1, turn.GetProperty("stream_weights").EnumerateArray().Sum(weight => weight.GetDouble()), 1e-4));
    }

    [Fact]
    public void A_chat_that_turns_back_to_auto_has_the_gate_that_it_began_with()
    {
        Outcome chat = Tool.Pipe(
            "a\n/streams 1\nb\n/streams auto\nc\n", "chat", "-m", _folder.Path, "--chat-template", "none", "--lines", "-n", "12", "--ignore-eos", "--streams", "auto", "--stream-threshold", "0", "--json");
        JsonElement[] turns = [.. chat.Json().GetProperty("turns").EnumerateArray()];
        Assert.Equal([4, 4], turns.Where(turn => turn.TryGetProperty("mean_streams", out _)).Select(turn => turn.GetProperty("mean_streams").GetDouble()));
    }
}
