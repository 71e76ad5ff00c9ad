using ParScale.Configuration;
using ParScale.Generation;

namespace ParScale.Tests.Engine;

/// <summary>A number of new tokens that nobody asked for takes the room there is; one that somebody asked for is kept or refused.</summary>
public sealed class ImpliedLimitTests : IDisposable
{
    private const int Room = 48;

    private static readonly int[] Prompt = [.. Enumerable.Range(0, 20)];

    private readonly EngineModel _models = new();
    private readonly LanguageModel _model;

    public ImpliedLimitTests()
    {
        using Session session = _models.Model.CreateSession(Room, streams: 4);
        _model = _models.Load(new LoadOptions { KvMemory = _models.Model.KvMemoryInUse });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static GenerationOptions Endless => new() { IgnoreEndOfText = true, Sampling = SamplingOptions.Greedy, Streams = 4 };

    public void Dispose()
    {
        _model.Dispose();
        _models.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1000)]
    public async Task Without_a_limit_a_text_ends_where_its_keys_have_no_more_room(int? ofTheModel)
    {
        GenerationOptions options = new GenerationConfig { MaxNewTokens = ofTheModel }.Over(Endless);
        foreach (bool shift in (bool[])[false, true])
        {
            // The last token needs no room.
            GeneratedPiece last = await Last(options with { ContextShift = shift });
            Assert.Equal((Room - Prompt.Length + 1, FinishReason.Length), (last.Statistics!.NewTokens, last.FinishReason));
        }
        var refused = Assert.Throws<ParScaleException>(() => _model.GenerateAsync(Prompt, options with { MaxNewTokens = 64 }, Token));
        Assert.Equal("KV-01", refused.Code);
        Assert.Contains("83 tokens", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_there_is_room_it_is_as_it_was()
    {
        Assert.Equal(64, Endless.MaxNewTokens);
        GeneratedPiece last = await Last(new GenerationConfig { MaxNewTokens = 9 }.Over(Endless));
        Assert.Equal(9, last.Statistics!.NewTokens);
        // A context that begins anew needs no more room than its length.
        var all = new List<GeneratedPiece>();
        GenerationOptions shifting = new GenerationConfig { MaxNewTokens = 300 }.Over(Endless) with { ContextShift = true };
        await foreach (GeneratedPiece piece in _models.Model.GenerateAsync(Prompt, shifting, Token)) all.Add(piece);
        Assert.Equal(300, all[^1].Statistics!.NewTokens);
    }

    [Fact]
    public async Task The_least_number_raises_a_limit_that_nobody_asked_for_and_is_refused_where_it_has_no_room()
    {
        GenerationOptions few = new GenerationConfig { MaxNewTokens = 3 }.Over(Endless);
        Assert.Equal(7, (await Last(few with { MinNewTokens = 7 })).Statistics!.NewTokens);
        Assert.Equal("GE-01", Assert.Throws<ParScaleException>(() => _model.GenerateAsync(Prompt, few with { MinNewTokens = 7, MaxNewTokens = 3 }, Token)).Code);
        Assert.Equal("KV-01", Assert.Throws<ParScaleException>(() => _model.GenerateAsync(Prompt, few with { MinNewTokens = Room }, Token)).Code);
    }

    [Theory]
    [InlineData(EngineModel.Vocabulary)]
    [InlineData(-1)]
    public void GE_09_a_stop_token_outside_the_vocabulary_is_refused_by_name(int token)
    {
        foreach (int least in (int[])[0, 5])
        {
            var refused = Assert.Throws<ParScaleException>(() => _models.Model.GenerateAsync(Prompt, Endless with { MinNewTokens = least, StopTokenIds = [5, token] }, Token));
            Assert.Equal(("GE-09", ErrorKind.Usage), (refused.Code, refused.Kind));
            Assert.Contains($"{token}", refused.Message, StringComparison.Ordinal);
        }
    }

    private async Task<GeneratedPiece> Last(GenerationOptions options)
    {
        GeneratedPiece? last = null;
        await foreach (GeneratedPiece piece in _model.GenerateAsync(Prompt, options, Token)) last = piece;
        return last!;
    }
}
