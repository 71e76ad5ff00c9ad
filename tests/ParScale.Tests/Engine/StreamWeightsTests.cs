using ParScale.Checkpoints;
using ParScale.Generation;

namespace ParScale.Tests.Engine;

/// <summary>What each stream contributes to each token: as the equations have it, and whoever asks gets the same text.</summary>
public sealed class StreamWeightsTests : IDisposable
{
    private static readonly int[] Prompt = [3, 1, 4, 1, 5];
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task They_are_those_of_the_float64_oracle(int streams)
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(streams), seed: 3);
        using LanguageModel model = LanguageModel.Load(_folder.Path);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        var oracle = Oracle.Of(checkpoint);
        List<int> tokens = [.. Prompt];
        int compared = 0;
        var options = new GenerationOptions { MaxNewTokens = 6, Sampling = SamplingOptions.Greedy, StreamWeights = true };
        await foreach (GeneratedPiece piece in model.GenerateAsync(Prompt, options, Token))
        {
            if (piece.TokenId is not { } id)
            {
                Assert.Null(piece.StreamWeights);
                continue;
            }
            double[] expected = oracle.StreamWeights([.. oracle.States([.. tokens]).Select(stream => stream[^1])]);
            Assert.True(expected.Max() - expected.Min() > 0.01, "weights that are all equal prove nothing");
            Assert.Equal(streams, piece.StreamWeights!.Length);
            for (int p = 0; p < streams; p++) Assert.Equal(expected[p], piece.StreamWeights[p], 1e-4);
            Assert.Equal(1, piece.StreamWeights.Sum(), 1e-5);
            tokens.Add(id);
            compared++;
        }
        Assert.Equal(6, compared);
    }

    [Fact]
    public async Task Requests_with_different_sets_in_one_pass_get_their_own()
    {
        using var models = new EngineModel();
        string[] alone = new string[24];
        for (int i = 0; i < alone.Length; i++) alone[i] = await Run(models.Model, i, weights: true);
        Assert.Equal(alone, await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(i => Task.Run(() => Run(models.Model, i, weights: true), Token))));
    }

    [Fact]
    public async Task Asking_for_them_changes_no_text_and_nobody_gets_them_unasked()
    {
        using var models = new EngineModel();
        for (int i = 0; i < 6; i++)
        {
            string asked = await Run(models.Model, i, weights: true), not = await Run(models.Model, i, weights: false);
            Assert.Equal(not, string.Join('\n', asked.Split('\n').Select(line => line.Split('|')[0])));
        }
    }

    private static async Task<string> Run(LanguageModel model, int number, bool weights)
    {
        (int[] prompt, GenerationOptions options) = EngineModel.Request(number);
        var lines = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options with { StreamWeights = weights, TopLogProbs = 0 }, Token))
        {
            Assert.Equal(weights && piece.TokenId is not null, piece.StreamWeights is not null);
            string shown = weights ? $"|{string.Join(' ', piece.StreamWeights?.Select(weight => weight.ToString("R", null)) ?? [])}" : "";
            lines.Add(FormattableString.Invariant($"{piece.TokenId} {piece.Prediction?.LogProb:R}{shown}"));
        }
        return string.Join('\n', lines);
    }
}
