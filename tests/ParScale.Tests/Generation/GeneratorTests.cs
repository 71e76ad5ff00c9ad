using ParScale.Configuration;
using ParScale.Generation;

namespace ParScale.Tests.Generation;

public sealed class GeneratorTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LanguageModel _model;

    public GeneratorTests()
    {
        RandomCheckpoint.Write(_folder.Path, Config(), seed: 1);
        _model = LanguageModel.Load(_folder.Path);
    }

    private static CheckpointConfig Config()
    {
        CheckpointConfig config = RandomCheckpoint.Config(maxPositions: 32);
        return config with { Model = config.Model with { EndOfTextIds = [7] } };
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Greedy_equals_taking_the_argmax_by_hand()
    {
        List<int> tokens = [3, 1, 4];
        for (int i = 0; i < 10; i++) tokens.Add(_model.Logits(tokens.ToArray(), TestContext.Current.CancellationToken).Argmax[^1]);
        List<GeneratedPiece> pieces = await Run([3, 1, 4], Greedy(10));
        Assert.Equal(tokens.Skip(3), pieces.Where(piece => piece.TokenId != null).Select(piece => piece.TokenId!.Value));
        Assert.Equal(FinishReason.Length, pieces[^1].FinishReason);
        Assert.Equal(3, pieces[^1].Statistics!.PromptTokens);
        Assert.Equal(10, pieces[^1].Statistics!.NewTokens);
        Assert.Equal(9, pieces[^1].Statistics!.DecodeSteps);
    }

    [Fact]
    public async Task The_end_of_text_token_stops()
    {
        // Seed after seed until one draws the token; then it must be the last.
        for (ulong seed = 0; seed < 200; seed++)
        {
            var options = new GenerationOptions { MaxNewTokens = 28, Sampling = new() { Temperature = 3, Seed = seed } };
            List<GeneratedPiece> pieces = await Run([1, 2], options);
            if (pieces[^1].FinishReason != FinishReason.Stop) continue;
            Assert.Equal(7, pieces[^2].TokenId);
            Assert.DoesNotContain(pieces.SkipLast(2), piece => piece.TokenId == 7);
            pieces = await Run([1, 2], options with { IgnoreEndOfText = true });
            Assert.Equal(FinishReason.Length, pieces[^1].FinishReason);
            return;
        }
        Assert.Fail("no seed drew the end-of-text token");
    }

    [Fact]
    public async Task The_context_ends_the_generation()
    {
        List<GeneratedPiece> pieces = await Run([.. Enumerable.Repeat(1, 30)], Greedy(100));
        Assert.Equal(FinishReason.Length, pieces[^1].FinishReason);
        // Two more fit, and the last choice needs no slot.
        Assert.Equal(3, pieces[^1].Statistics!.NewTokens);
    }

    [Fact]
    public async Task A_context_shift_goes_on_from_the_latter_half()
    {
        List<int> tokens = [.. Enumerable.Repeat(1, 30)];
        List<GeneratedPiece> pieces = await Run([.. tokens], Greedy(40) with { ContextShift = true });
        int[] ids = Ids(pieces);
        Assert.Equal(40, ids.Length);
        for (int position = 30, choice = 0; choice < 40; choice++)
        {
            int seen = position <= 32 ? position : 16 + (position - 33) % 17;
            Assert.Equal(_model.Logits(tokens.TakeLast(seen).ToArray(), TestContext.Current.CancellationToken).Argmax[^1], ids[choice]);
            tokens.Add(ids[choice]);
            position++;
        }
    }

    [Fact]
    public async Task A_context_shift_keeps_the_token_that_begins_a_text()
    {
        const int begin = 9;
        using var folder = new TempFolder();
        CheckpointConfig config = Config();
        RandomCheckpoint.Write(folder.Path, config with { Model = config.Model with { BeginOfTextId = begin } }, seed: 1);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        List<int> tokens = [begin, .. Enumerable.Repeat(1, 29)];
        int[] ids = Ids(await Run([.. tokens], Greedy(40) with { ContextShift = true }, model));
        for (int position = 30, choice = 0; choice < 40; choice++, position++)
        {
            int[] seen = position <= 32 ? [.. tokens] : [begin, .. tokens.TakeLast(15 + (position - 33) % 17)];
            Assert.Equal(model.Logits(seen, TestContext.Current.CancellationToken).Argmax[^1], ids[choice]);
            tokens.Add(ids[choice]);
        }
    }

    [Fact]
    public void Biases_outside_the_vocabulary_are_refused_before_anything_runs()
    {
        var options = Greedy(1) with { Sampling = new SamplingOptions { LogitBias = new Dictionary<int, double> { [50] = 1 } } };
        Assert.Equal("SA-02", Assert.Throws<ParScaleException>(() => _model.GenerateAsync(new[] { 1 }, options, TestContext.Current.CancellationToken)).Code);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_refused()
    {
        var refused = await Assert.ThrowsAsync<ParScaleException>(() => Run([.. Enumerable.Repeat(1, 33)], Greedy(1)));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains("33", refused.Message, StringComparison.Ordinal);
        Assert.Contains("32", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(50)]
    [InlineData(int.MaxValue)]
    public async Task Tokens_outside_the_vocabulary_are_refused(int token)
    {
        var refused = await Assert.ThrowsAsync<ParScaleException>(() => Run([1, token], Greedy(1)));
        Assert.Contains("0 to 49", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_prompt_is_refused() => await Assert.ThrowsAsync<ParScaleException>(() => Run([], Greedy(1)));

    [Fact]
    public async Task Cancellation_ends_it()
    {
        using var source = new CancellationTokenSource();
        int count = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratedPiece _ in _model.GenerateAsync(new[] { 1 }, Greedy(25), source.Token))
                if (++count == 3) await source.CancelAsync();
        });
        Assert.Equal(3, count);
    }

    [Fact]
    public async Task Cancellation_given_to_the_enumerator_ends_it_too()
    {
        using var source = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (GeneratedPiece _ in _model.GenerateAsync(new[] { 1 }, Greedy(25), CancellationToken.None).WithCancellation(source.Token))
                await source.CancelAsync();
        });
    }

    [Fact]
    public void Refusals_come_with_the_call_not_with_the_first_piece() =>
        Assert.Throws<ParScaleException>(() => _model.GenerateAsync(new[] { 1 }, Greedy(0), TestContext.Current.CancellationToken));

    [Fact]
    public async Task A_consumer_that_leaves_frees_the_session()
    {
        await foreach (GeneratedPiece _ in _model.GenerateAsync(new[] { 1 }, Greedy(25), TestContext.Current.CancellationToken)) break;
        _model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _model.CreateSession(1));
    }

    [Fact]
    public void A_model_disposed_while_a_session_runs_stays_readable_for_it()
    {
        using Session session = _model.CreateSession(10);
        _model.Dispose();
        Assert.Equal(50, session.Append([1, 2, 3], TestContext.Current.CancellationToken).Length);
    }

    [Fact]
    public async Task Many_at_once_equal_one_alone()
    {
        var options = new GenerationOptions { MaxNewTokens = 20, Sampling = new() { Temperature = 1, Seed = 5 }, IgnoreEndOfText = true };
        int[][] alone = new int[6][];
        for (int i = 0; i < alone.Length; i++) alone[i] = Ids(await Run([i + 1, 9], options));
        int[][] together = await Task.WhenAll(Enumerable.Range(0, 6).Select(async i => Ids(await Run([i + 1, 9], options))));
        Assert.Equal(alone, together);
    }

    [Fact]
    public void Text_without_a_tokenizer_says_so()
    {
        var refused = Assert.Throws<ParScaleException>(() => _model.Generate("hello", cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("tokenizer.json", refused.Message, StringComparison.Ordinal);
    }

    private static int[] Ids(IEnumerable<GeneratedPiece> pieces) => [.. pieces.Where(piece => piece.TokenId != null).Select(piece => piece.TokenId!.Value)];

    private static GenerationOptions Greedy(int count) => new() { MaxNewTokens = count, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };

    private async Task<List<GeneratedPiece>> Run(int[] prompt, GenerationOptions options, LanguageModel? model = null)
    {
        var pieces = new List<GeneratedPiece>();
        await foreach (GeneratedPiece piece in (model ?? _model).GenerateAsync(prompt, options, TestContext.Current.CancellationToken)) pieces.Add(piece);
        return pieces;
    }
}
