using System.Globalization;
using System.Text.Json;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;

namespace ParScale.Cli.Tests.Commands;

/// <summary>What commands say and do with an anchor and its helpers.</summary>
public sealed class AnchoredCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public AnchoredCommandTests()
    {
        CheckpointConfig config = RandomCheckpoint.Config(
            4, hidden: 16, heads: 2, keyValueHeads: 1, intermediate: 24, vocabulary: TinyTokenizer.VocabularySize, prefix: 3, endOfText: [TinyTokenizer.EndOfText], anchored: true);
        RandomCheckpoint.Write(_folder.Path, config, seed: 6);
        TinyTokenizer.Write(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Streams_per_token_are_told_and_follow_budget_and_threshold()
    {
        string[] common = ["generate", "-m", _folder.Path, "-p", "the cat", "-n", "60", "-s", "2", "--ignore-eos", "--streams", "auto"];
        double Mean(params string[] flags) => Tool.Run([.. common, "--json", .. flags]).Json().GetProperty("mean_streams").GetDouble();
        Assert.Equal(4, Mean("--stream-threshold", "0"));
        Assert.Equal(1, Mean("--stream-threshold", "100"));
        Assert.Equal(1, Mean("--stream-budget", "1"));
        double mean = Mean();
        Assert.InRange(mean, 1.05, 1.7);
        Assert.InRange(Mean("--stream-budget", "3"), mean + 0.5, 3.2);
        JsonElement always = Tool.Run("generate", "-m", _folder.Path, "-p", "the cat", "-n", "60", "-s", "2", "--ignore-eos", "--json").Json();
        Assert.False(always.TryGetProperty("mean_streams", out _));
        Assert.Equal(always.GetProperty("ids").GetRawText(), Tool.Run([.. common, "--json", "--stream-threshold", "0"]).Json().GetProperty("ids").GetRawText());
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| P 4 (mean {mean:F2} by entropy) |"), Tool.Run(common).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chat_turns_to_it_and_back()
    {
        Outcome chat = Tool.Pipe("a\n/streams auto\nb\n/streams 1\nc\n", "chat", "-m", _folder.Path, "--chat-template", "none", "--lines", "-n", "12", "--ignore-eos", "--json");
        JsonElement[] turns = [.. chat.Json().GetProperty("turns").EnumerateArray()];
        Assert.Equal([4, 4, 1], turns.Select(turn => turn.GetProperty("streams").GetInt32()));
        Assert.Equal([false, true, false], turns.Select(turn => turn.TryGetProperty("mean_streams", out _)));
        Assert.InRange(turns[1].GetProperty("mean_streams").GetDouble(), 1, 4);
    }

    [Theory]
    [InlineData("--stream-budget needs --streams auto", "--stream-budget", "2")]
    [InlineData("--stream-threshold needs --streams auto", "--streams", "2", "--stream-threshold", "2")]
    [InlineData("at most 4", "--streams", "auto", "--stream-budget", "5")]
    [InlineData("--stream-budget needs a number from 1 to 64", "--streams", "auto", "--stream-budget", "0.5")]
    [InlineData("auto or a whole number from 1 to 64", "--streams", "some")]
    public void What_does_not_go_together_is_refused(string what, params string[] flags)
    {
        Outcome refused = Tool.Run(["generate", "-m", _folder.Path, "-p", "a", .. flags]);
        Assert.Equal(2, refused.Exit);
        Assert.Contains(what, refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, refused.Error.Count(c => c == '\n'));
    }

    [Fact]
    public void Only_an_anchored_model_takes_auto_and_only_where_tokens_are_chosen()
    {
        string ordinary = _folder.File("ordinary");
        RandomCheckpoint.Write(ordinary, RandomCheckpoint.Config(2, vocabulary: TinyTokenizer.VocabularySize), seed: 1);
        TinyTokenizer.Write(ordinary);
        Outcome refused = Tool.Run("generate", "-m", ordinary, "-p", "a", "--streams", "auto");
        Assert.Equal(2, refused.Exit);
        Assert.Contains("cannot rest", refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, Tool.Run("logits", "-m", _folder.Path, "-p", "a", "--streams", "auto").Exit);
    }

    [Fact]
    public void Bench_cost_and_inspect_count_one_cache()
    {
        JsonElement inspected = Tool.Run("inspect", "-m", _folder.Path, "--json").Json(), plain = Tool.Run("inspect", "-m", _folder.Path, "--streams", "1", "--json").Json();
        Assert.Equal(plain.GetProperty("kv_bytes_per_token").GetInt64(), inspected.GetProperty("kv_bytes_per_token").GetInt64());
        // A cache of bytes: prefixes aside, the sequence itself has those of one stream.
        string[] small = ["bench", "--hidden", "64", "--layers", "2", "--heads", "4", "--kv-heads", "2", "--intermediate", "96", "--vocab", "100", "--prompt", "9", "-n", "1", "-r", "1", "-t", "1", "-q", "--json", "--prefix-tokens", "16"];
        double[] Bytes(params string[] flags) => [.. Tool.Run([.. small, .. flags]).Json().GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("kv_bytes").GetDouble())];
        double[] anchored = Bytes("--anchored", "--streams", "1,2,4"), ordinary = Bytes("--streams", "1,2,4");
        Assert.Equal(ordinary[0], anchored[0]);
        // Each further helper brings its own prefix and nothing else.
        Assert.Equal(2 * (anchored[1] - anchored[0]), anchored[2] - anchored[1], 1e-6);
        Assert.True(anchored[2] < ordinary[2], "no cache was saved");
        Assert.Equal(3, Tool.Run("bench", "-m", _folder.Path, "--prompt", "9", "-n", "1", "-r", "1", "-t", "1", "-q", "--json", "--streams", "1,4", "--batch", "1+4").Json().GetProperty("rows").GetArrayLength());

        JsonElement[] Rows(params string[] flags) => [.. Tool.Run(["cost", "--size", "1.8B", "--streams", "1,4", "--device", "a100", "--prompt", "1024", "--json", .. flags]).Json().GetProperty("rows").EnumerateArray()];
        JsonElement[] helped = Rows("--anchored"), parallel = Rows();
        Assert.Equal("anchored", helped[1].GetProperty("kind").GetString());
        Assert.InRange(helped[1].GetProperty("prefill_ms").GetDouble() / helped[0].GetProperty("prefill_ms").GetDouble(), 1, 1.1);
        Assert.InRange(parallel[1].GetProperty("prefill_ms").GetDouble() / parallel[0].GetProperty("prefill_ms").GetDouble(), 2, 5);
        Assert.True(helped[1].GetProperty("kv_bytes").GetDouble() < 0.5 * parallel[1].GetProperty("kv_bytes").GetDouble());
        Assert.True(helped[1].GetProperty("decode_ms").GetDouble() <= parallel[1].GetProperty("decode_ms").GetDouble());
        Assert.Equal(2, Tool.Run("cost", "--as-paper", "--anchored").Exit);
        Assert.Equal(2, Tool.Run("plan", "--published", "--anchored", "--device", "a100").Exit);
        Assert.Contains("not known", Tool.Run("plan", "--anchored", "--device", "a100", "--memory", "8GB").Error, StringComparison.Ordinal);

        // A sweep's anchored arms have a law of their own, and a plan may go by it.
        string table = Path.Combine(_folder.Path, "sweep.csv");
        File.WriteAllLines(table, ["n,p,loss,stream_kind", .. from n in (double[])[3e8, 1e9, 3e9] from p in (int[])[1, 2, 4]
            select FormattableString.Invariant($"{n:F0},{p},{1.2 + Math.Pow(2e8 / (n * (1 + 0.3 * Math.Log(p))), 0.25):F6},{(p == 1 ? "plain" : "anchored")}")]);
        Outcome plan = Tool.Run("plan", "--anchored", "--data", table, "--arms", "anchored", "--device", "a100", "--memory", "8GB", "--json");
        Assert.True(plan.Exit == 0, plan.Error);
        Assert.DoesNotContain("not known", plan.Error, StringComparison.Ordinal);
        Assert.Equal(2, Tool.Run("plan", "--arms", "anchored", "--device", "a100").Exit);
        Assert.Equal(0, Tool.Run("cost", "--equal-loss", "--size", "1.8B", "--streams", "4", "--device", "a100", "--anchored", "--data", table, "--arms", "anchored").Exit);
    }
}
