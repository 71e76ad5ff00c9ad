using System.Text;
using System.Text.Json.Nodes;
using ParScale.Generation;
using ParScale.Text.Bpe;

namespace ParScale.Tests.Generation;

/// <summary>A random model with a byte tokenizer that has fewer tokens than the embedding has rows, as the published ones have.</summary>
public sealed class GeneratedTextTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LanguageModel _model;

    public GeneratedTextTests()
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(vocabulary: 300, maxPositions: 200), seed: 1);
        _folder.Write("tokenizer.json", ByteTokenizer());
        _model = LanguageModel.Load(_folder.Path);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Ids_without_a_token_stand_for_no_text()
    {
        GenerationOptions options = Options(seed: 3);
        var ids = new List<int>();
        var text = new StringBuilder();
        await foreach (GeneratedPiece piece in _model.GenerateAsync("ab", options, TestContext.Current.CancellationToken))
        {
            if (piece.TokenId is int id) ids.Add(id);
            text.Append(piece.Text);
        }
        Assert.Contains(ids, id => id >= 256);
        Assert.Equal(_model.Tokenizer.Decode([.. ids.Where(id => id < 256)]), text.ToString());
    }

    [Fact]
    public async Task Streamed_text_is_the_whole_text()
    {
        GenerationOptions options = Options(seed: 4);
        var text = new StringBuilder();
        await foreach (GeneratedPiece piece in _model.GenerateAsync("hello", options, TestContext.Current.CancellationToken)) text.Append(piece.Text);
        Assert.Equal(_model.Generate("hello", options, TestContext.Current.CancellationToken), text.ToString());
    }

    [Fact]
    public async Task A_stop_text_across_tokens_ends_the_text_before_it()
    {
        string whole = _model.Generate("hello", Options(seed: 5), TestContext.Current.CancellationToken);
        int at = Enumerable.Range(20, whole.Length - 25).First(i => char.IsAscii(whole[i]) && char.IsAscii(whole[i + 1]));
        string stop = whole.Substring(at, 2), text = "";
        FinishReason? reason = null;
        await foreach (GeneratedPiece piece in _model.GenerateAsync("hello", Options(seed: 5) with { Stop = [stop] }, TestContext.Current.CancellationToken))
        {
            text += piece.Text;
            reason = piece.FinishReason ?? reason;
        }
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], text);
        Assert.Equal(FinishReason.Stop, reason);
    }

    private static GenerationOptions Options(ulong seed) =>
        new() { MaxNewTokens = 120, Sampling = new() { Temperature = 2, Seed = seed }, IgnoreEndOfText = true };

    private static string ByteTokenizer()
    {
        var vocabulary = new JsonObject();
        for (int value = 0; value < 256; value++) vocabulary[ByteAlphabet.ToChar((byte)value).ToString()] = value;
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        }.ToJsonString();
    }
}
