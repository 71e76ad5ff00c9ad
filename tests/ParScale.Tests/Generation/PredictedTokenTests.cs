using ParScale.Generation;

namespace ParScale.Tests.Generation;

public class PredictedTokenTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(5, 1)]
    [InlineData(1024, 7)]
    [InlineData(5000, 100)]
    public void The_likeliest_are_those_of_a_full_sort(int vocabulary, int top)
    {
        var random = new Random(vocabulary);
        // Few different values: equal ones come by id.
        float[] logits = [.. Enumerable.Range(0, vocabulary).Select(_ => random.Next(40) * 0.25f)];
        double sum = Math.Log(logits.Sum(x => Math.Exp((double)x)));
        int[] expected = [.. Enumerable.Range(0, vocabulary).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(top)];
        PredictedToken found = PredictedToken.Of(logits, 3, top);
        Assert.Equal(expected, found.Top.Select(token => token.TokenId));
        Assert.All(found.Top, token => Assert.Equal(logits[token.TokenId] - sum, token.LogProb, 1e-6));
        Assert.Equal(logits[3] - sum, found.LogProb, 1e-6);
    }

    [Fact]
    public async Task Prompt_and_answer_have_the_probabilities_that_the_score_has()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 3);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        int[] prompt = [3, 1, 4, 1, 5];
        var options = new GenerationOptions { MaxNewTokens = 6, IgnoreEndOfText = true, TopLogProbs = 3, PromptLogProbs = true };
        List<int> all = [.. prompt];
        List<PredictedToken> predictions = [];
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, Token))
        {
            predictions.AddRange(piece.PromptPredictions ?? []);
            if (piece.Prediction is { } prediction) predictions.Add(prediction);
            if (piece.TokenId is { } id) all.Add(id);
        }
        ScoreResult score = model.Score(all.ToArray(), new ScoreOptions { TopLogProbs = 3 }, null, Token);
        Assert.Equal(all[1..], predictions.Select(token => token.TokenId));
        Assert.Equal(score.Predictions!.Select(token => token.LogProb), predictions.Select(token => token.LogProb));
        Assert.Equal(score.Predictions!.Select(token => token.Top), predictions.Select(token => token.Top));
        Assert.Equal(score.TotalNll, -predictions.Sum(token => token.LogProb), 1e-9);
        Assert.Equal(score.TotalNll, model.Score(all.ToArray(), null, Token).TotalNll, 1e-9);
        Assert.Null(model.Score(all.ToArray(), null, Token).Predictions);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void A_number_out_of_range_is_refused(int top)
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 3);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        Assert.Equal("GE-05", Assert.Throws<ParScaleException>(() => model.GenerateAsync(new[] { 1 }, new GenerationOptions { TopLogProbs = top }, Token)).Code);
        Assert.Equal("GE-05", Assert.Throws<ParScaleException>(() => model.Score(new[] { 1, 2 }, new ScoreOptions { TopLogProbs = top }, null, Token)).Code);
    }
}
