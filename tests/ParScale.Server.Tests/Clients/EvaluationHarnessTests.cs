using ParScale.Generation;

namespace ParScale.Server.Tests.Clients;

/// <summary>lm-evaluation-harness' arithmetic on our answers gives the log-likelihoods of the library's own scores.</summary>
public sealed class EvaluationHarnessTests(ChatModel model)
{
    private const double Close = 1e-5;

    private static readonly string Long = string.Concat(Enumerable.Range(0, 30).Select(i => $"the hello world {i * i}, déjà vu ☃ 😀\n"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int, int> Windows => new MatrixTheoryData<int, int>([1, 2, 4], [16, 33, 128, 398]);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Pairs_have_the_scores_of_their_continuations(int streams)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        var harness = new EvaluationHarness(server, model.Model.Tokenizer, streams, TinyTokenizer.EndOfText);
        (string, string)[] texts = [("the hello", " world"), ("hello ", "world"), ("", "hello world"), ("a 😀", "☃ the"), (Long, " and an end")];
        foreach (int most in (int[])[20, 390])
        {
            (int[] Context, int[] Continuation)[] pairs = [.. texts.Select(text => harness.Encode(text.Item1, text.Item2)), Likeliest("the", streams)];
            (double LogLikelihood, bool IsGreedy)[] found = await harness.LogLikelihoods(pairs, most);
            for (int i = 0; i < pairs.Length; i++)
            {
                int[] whole = [.. pairs[i].Context, .. pairs[i].Continuation];
                whole = whole[Math.Max(0, whole.Length - most)..];
                (double expected, bool greedy) = Own(whole, whole.Length - pairs[i].Continuation.Length, streams);
                Assert.Equal(expected, found[i].LogLikelihood, Close);
                Assert.Equal(greedy, found[i].IsGreedy);
            }
            Assert.True(found[^1].IsGreedy);
        }
    }

    [Theory]
    [MemberData(nameof(Windows))]
    public async Task A_whole_text_has_its_score_in_windows_of_any_length(int streams, int window)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        var harness = new EvaluationHarness(server, model.Model.Tokenizer, streams, TinyTokenizer.EndOfText);
        // Whole windows, so that the last has no more context than the others, as the library's own windows have it.
        int[] all = model.Model.Tokenizer.Encode(Long);
        Assert.True(all.Length > ChatModel.Context);
        List<(int[] Context, int[] Continuation)> windows = harness.Windows(Long, window);
        Assert.Equal(all, windows.SelectMany(one => one.Continuation));
        Assert.True(windows.Count > 1);
        (double LogLikelihood, bool IsGreedy)[] found = await harness.LogLikelihoods([.. windows], window + 1);
        double expected = windows.Sum(one => Own([.. one.Context, .. one.Continuation], one.Context.Length, streams).LogLikelihood);
        Assert.Equal(expected, found.Sum(one => one.LogLikelihood), Close);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task A_text_of_one_window_has_the_total_of_score(int streams)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        var harness = new EvaluationHarness(server, model.Model.Tokenizer, streams, TinyTokenizer.EndOfText);
        string text = Long[..200];
        (int[] Context, int[] Continuation) only = Assert.Single(harness.Windows(text, 398));
        ScoreResult score = model.Model.Score([.. only.Context, .. only.Continuation], new ScoreOptions { Streams = streams }, cancellationToken: Token);
        Assert.Equal(-score.TotalNll, (await harness.LogLikelihoods([only], 399))[0].LogLikelihood, Close);
    }

    [Theory]
    [InlineData("The capital of France is", " Paris")]
    [InlineData("the hello", " world")]
    [InlineData("déjà 😀😀 ☃", " the 😀 hello")]
    [InlineData("naïve \uD83D\uDE00", "☃☃")]
    public async Task Offsets_find_the_continuation(string context, string continuation)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        foreach (int streams in (int[])[1, 2, 4])
        {
            var harness = new EvaluationHarness(server, model.Model.Tokenizer, streams, TinyTokenizer.EndOfText);
            (double logLikelihood, _, int from) = await harness.ByOffsets(context, continuation);
            int[] ids = model.Model.Tokenizer.Encode(context + continuation, addSpecial: true);
            Assert.Equal(model.Model.Tokenizer.Encode(context).Length, from);
            Assert.Equal(Own(ids, from, streams).LogLikelihood, logLikelihood, Close);
        }
    }

    // What the library itself says of the tokens from one on.
    private (double LogLikelihood, bool IsGreedy) Own(int[] ids, int from, int streams)
    {
        ScoreResult score = model.Model.Score(ids, new ScoreOptions { Streams = streams, TopLogProbs = 1 }, cancellationToken: Token);
        PredictedToken[] predicted = [.. score.Predictions!.Skip(from - 1)];
        return (predicted.Sum(token => token.LogProb), predicted.All(token => token.LogProb == token.Top[0].LogProb));
    }

    // A context with the four tokens that the model itself would add.
    private (int[] Context, int[] Continuation) Likeliest(string text, int streams)
    {
        int[] context = model.Model.Tokenizer.Encode(text);
        List<int> whole = [.. context];
        while (whole.Count < context.Length + 4) whole.Add(model.Model.Logits([.. whole], streams, Token).Argmax[^1]);
        return (context, [.. whole[context.Length..]]);
    }
}
