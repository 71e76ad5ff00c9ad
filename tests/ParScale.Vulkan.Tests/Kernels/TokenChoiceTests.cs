using ParScale.Generation;
using ParScale.Kernels.Elementwise;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>Samplers that see a few candidates of the device choose the tokens that samplers choose who see all logits.</summary>
public class TokenChoiceTests(TestDevice test) : DeviceTest(test)
{
    [Fact]
    public void Chosen_tokens_are_those_of_the_sampler()
    {
        int told = 0, steps = 0;
        for (int i = 0; i < 40; i++)
        {
            var random = new Random(600 + i);
            int vocabulary = i < 3 ? i + 2 : random.Next(2, 9000), rows = random.Next(1, 4);
            SamplingOptions[] options = [.. Enumerable.Range(0, rows).Select(_ => Options(random, vocabulary))];
            Sampler[] expected = [.. options.Select(one => new Sampler(one, vocabulary))], actual = [.. options.Select(one => new Sampler(one, vocabulary))];
            for (int token = 0; token < 20; token++)
                foreach (int row in Enumerable.Range(0, rows))
                {
                    int seen = random.Next(vocabulary);
                    expected[row].See(seen);
                    actual[row].See(seen);
                }
            int count = actual.Max(sampler => sampler.CandidatesNeeded(vocabulary)!.Value);
            using var choice = new TokenChoice(Device, vocabulary, rows, count, rows * (4 * 200 + vocabulary / 32 + 2));
            for (int step = 0; step < 5; step++)
            {
                // Few values: many are equal.
                float[] logits = [.. Enumerable.Range(0, rows * vocabulary).Select(_ => i % 2 == 0 ? random.Next(-6, 7) * 0.5f : random.NextSingle() * 20 - 10)];
                TokenMask?[] masks = [.. Enumerable.Range(0, rows).Select(_ => Mask(random, vocabulary))];
                choice.Change([.. actual.Select((sampler, row) => ((IReadOnlyCollection<ScoreChange>)[.. sampler.ScoreChanges()], masks[row]))]);
                Run(recording => choice.Run(recording, Rows(logits, vocabulary), rows));
                for (int row = 0; row < rows; row++, steps++)
                {
                    ReadOnlySpan<float> own = logits.AsSpan(row * vocabulary, vocabulary);
                    var likeliest = new ScoredToken[actual[row].CandidatesNeeded(vocabulary)!.Value];
                    Assert.True(choice.TryRead(row, likeliest));
                    int wanted = expected[row].Next(own, masks[row]);
                    if (!actual[row].TryNext(likeliest, out int token)) token = actual[row].Next(own, masks[row]);
                    else told++;
                    Assert.Equal(wanted, token);
                }
                FreeBuffers();
            }
        }
        // Ties are the exception.
        Assert.InRange(told, steps / 2, steps - 1);
    }

    [Fact]
    public void Lists_have_the_order_of_scores_and_of_tokens()
    {
        const int vocabulary = 5000, count = 100;
        var random = new Random(1);
        float[] logits = [.. Enumerable.Range(0, vocabulary).Select(_ => MathF.Round(random.NextSingle() * 40 - 20) * 0.25f)];
        (logits[7], logits[4000]) = (-0f, 0f);
        using var choice = new TokenChoice(Device, vocabulary, 1, count, 0);
        Run(recording => choice.Run(recording, Rows(logits, vocabulary), 1));
        var actual = new ScoredToken[count];
        Assert.True(choice.TryRead(0, actual));
        Assert.Equal(Enumerable.Range(0, vocabulary).OrderByDescending(token => logits[token]).ThenBy(token => token).Take(count), actual.Select(one => one.Token));
        Assert.All(actual, one => Assert.Equal(logits[one.Token], one.Score));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_logit_that_is_not_finite_is_told_of_its_row_alone(float value)
    {
        const int vocabulary = 4100;
        float[] logits = Draw(new Random(2), 3 * vocabulary);
        logits[vocabulary + 4099] = value;
        using var choice = new TokenChoice(Device, vocabulary, 3, 1, 0);
        Run(recording => choice.Run(recording, Rows(logits, vocabulary), 3));
        var likeliest = new ScoredToken[1];
        Assert.Equal([true, false, true], Enumerable.Range(0, 3).Select(row => choice.TryRead(row, likeliest)));
    }

    [Fact]
    public void No_token_is_chosen_where_none_is_allowed()
    {
        using var choice = new TokenChoice(Device, 40, 1, 2, 2);
        choice.Change([([], new TokenMask(40))]);
        Run(recording => choice.Run(recording, Rows(Draw(new Random(3), 40), 40), 1));
        var likeliest = new ScoredToken[2];
        Assert.True(choice.TryRead(0, likeliest));
        Assert.Throws<ArgumentException>(() => new Sampler(SamplingOptions.Greedy, 40).TryNext(likeliest, out _));
        Assert.Throws<ArgumentException>(() => choice.Change([([new ScoreChange(1, 1, 0, 0)], null)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenChoice(Device, 40, 1, 41, 0));
    }

    [Theory]
    [InlineData(8, 0)]
    [InlineData(1, 30)]
    [InlineData(3, 2)]
    public void Logits_are_divided_and_capped_where_they_lie(float divisor, float cap)
    {
        const int vocabulary = 3000, rows = 2;
        float[] logits = Draw(new Random(4), rows * vocabulary, 50), expected = [.. logits.Select(logit => logit / divisor)];
        if (cap != 0) SoftCap.Reference(expected, cap);
        using var choice = new TokenChoice(Device, vocabulary, rows, 1, 0);
        DeviceRows x = Rows(logits, vocabulary);
        Run(recording => choice.Run(recording, x, rows, divisor, cap));
        float[] actual = Read(x, rows, vocabulary);
        if (cap == 0) Assert.Equal(expected, actual);
        else Close(expected, actual, 2e-6, $"logits / {divisor}, cap {cap}");
        var likeliest = new ScoredToken[1];
        Assert.True(choice.TryRead(1, likeliest));
        Assert.Equal(actual[vocabulary..].Max(), likeliest[0].Score);
    }

    private static SamplingOptions Options(Random random, int vocabulary)
    {
        int k = Math.Min(random.Next(1, 80), vocabulary - 1);
        return new SamplingOptions
        {
            Temperature = random.Next(3) == 0 ? 0 : 0.1 + random.NextDouble() * 2,
            TopK = k,
            TopP = random.Next(2) == 0 ? 1 : 0.9,
            MinP = random.Next(3) == 0 ? 0.1 : 0,
            RepetitionPenalty = random.Next(2) == 0 ? 1 : 0.7 + random.NextDouble(),
            PresencePenalty = random.Next(2) == 0 ? 0 : random.NextDouble(),
            FrequencyPenalty = random.Next(2) == 0 ? 0 : random.NextDouble(),
            LogitBias = random.Next(2) == 0 ? null
                : Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(vocabulary)).Distinct().ToDictionary(token => token, _ => random.NextDouble() * 8 - 4),
            Seed = (ulong)random.Next(),
        };
    }

    private static TokenMask? Mask(Random random, int vocabulary)
    {
        if (random.Next(2) == 0) return null;
        var mask = new TokenMask(vocabulary);
        mask.Add(random.Next(vocabulary));
        for (int token = 0; token < vocabulary; token++)
            if (random.Next(3) == 0) mask.Add(token);
        return mask;
    }
}
