using System.Numerics.Tensors;
using ParScale.Generation;
using ParScale.Model;

namespace ParScale.Tests.Generation;

/// <summary>A token chosen among the likeliest is the one that would be chosen among all, or is not chosen.</summary>
public class LikeliestTests(ITestOutputHelper output)
{
    private const int Texts = 4000, Steps = 12;

    [Theory]
    [InlineData("spread")]
    [InlineData("ties")]
    [InlineData("flat")]
    [InlineData("divided")]
    public void Random_texts_are_those_of_all_logits(string kind)
    {
        int rows = 0, fallbacks = 0;
        for (int text = 0; text < Texts; text++)
        {
            var random = new Random(text);
            int vocabulary = random.Next(4) switch { 0 => random.Next(2, 64), 1 => random.Next(64, 68), _ => random.Next(68, 600) };
            SamplingOptions options = Options(random, vocabulary);
            Sampler all = new(options, vocabulary), few = new(options, vocabulary);
            Assert.True(few.LikeliestMayDo);
            var draws = new SplitMix64(options.Seed!.Value);
            for (int token = random.Next(vocabulary); token > 0; token /= 3)
            {
                all.See(token);
                few.See(token);
            }
            float[] beginning = Draw(random, vocabulary, kind);
            for (int step = 0; step < Steps; step++, rows++)
            {
                // A text goes on about the same things: penalties meet what is likely.
                float[] logits = step % 3 == 2 ? Draw(random, vocabulary, kind) : [.. beginning];
                (int[] tokens, float[] best) = Best(logits);
                float divisor = kind == "divided" ? 1 + random.Next(16) * 0.7f : 1;
                TensorPrimitives.Divide(logits, divisor, logits);
                TensorPrimitives.Divide(best, divisor, best);
                int expected = all.Next(logits);
                if (!few.TryNext(new Likeliest(tokens, best, tokens.Length == vocabulary, ordersTies: divisor == 1), out int chosen))
                {
                    fallbacks++;
                    chosen = few.Next(logits);
                }
                Assert.True(expected == chosen, $"text {text}, step {step}: {chosen}, not {expected}; {vocabulary} tokens, {options}");
                if (options is { Temperature: > 0, RepetitionPenalty: 1, PresencePenalty: 0, FrequencyPenalty: 0 }) Assert.Equal(Plain(logits, options, draws.NextDouble()), chosen);
            }
        }
        output.WriteLine($"{kind}: {fallbacks} of {rows} rows needed all logits");
        // Some, so that this is tested, and few.
        Assert.InRange(fallbacks, 50, rows / 50);
    }

    [Fact]
    public void Nothing_has_changed_when_the_likeliest_do_not_do()
    {
        // All 64 were generated before, and the next one is better then.
        float[] logits = [.. Enumerable.Range(0, 100).Select(i => 10f - i * 0.01f)];
        var options = new SamplingOptions { Temperature = 0, PresencePenalty = 5 };
        Sampler all = new(options, 100), few = new(options, 100);
        (int[] tokens, float[] best) = Best(logits);
        for (int i = 0; i < 80; i++)
        {
            Assert.Equal(i < 64, few.TryNext(new Likeliest(tokens, best, isAll: false, ordersTies: true), out int token));
            if (i >= 64) token = few.Next(logits);
            Assert.Equal((all.Next(logits), i), (token, i));
            Assert.Equal(i, token);
        }
    }

    [Fact]
    public void Equal_logits_at_the_end_of_the_list_do_where_their_order_is_known()
    {
        float[] logits = new float[200];
        (int[] tokens, float[] best) = Best(logits);
        Assert.Equal(Enumerable.Range(0, 64), tokens);
        foreach (bool known in (bool[])[true, false])
        {
            foreach (SamplingOptions options in (SamplingOptions[])[SamplingOptions.Greedy, new() { Temperature = 1, TopK = 64, Seed = 1 }])
            {
                Assert.Equal(known, new Sampler(options, 200).TryNext(new Likeliest(tokens, best, isAll: false, known), out int token));
                if (known) Assert.Equal(new Sampler(options, 200).Next(logits), token);
            }
        }
        // The first is behind the others now, and 64 is before it.
        var penalised = new Sampler(new SamplingOptions { Temperature = 1, TopK = 64, Seed = 1, RepetitionPenalty = 1.5 }, 200);
        logits.AsSpan().Fill(1);
        best.AsSpan().Fill(1);
        penalised.See(0);
        Assert.False(penalised.TryNext(new Likeliest(tokens, best, isAll: false, ordersTies: true), out _));
    }

    [Fact]
    public void Without_a_finite_score_nothing_is_chosen()
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 0, RepetitionPenalty = 2 }, 2);
        sampler.See(0);
        sampler.See(1);
        // Penalties of the smallest numbers overflow.
        Assert.False(sampler.TryNext(new Likeliest([0, 1], [-3e38f, -3.1e38f], isAll: true, ordersTies: true), out _));
        Assert.Throws<ArgumentException>(() => sampler.Next([-3e38f, -3.1e38f]));
        Assert.False(new Likeliest([1, 0], [float.NaN, 1], isAll: true, ordersTies: true).AllFinite);
    }

    public static TheoryData<SamplingOptions> NeedAll =>
    [
        new SamplingOptions { Temperature = 1 },
        new SamplingOptions { Temperature = 1, TopP = 0.9 },
        new SamplingOptions { Temperature = 1, MinP = 0.1 },
        new SamplingOptions { Temperature = 1, TopK = 65 },
        new SamplingOptions { Temperature = 0, RepetitionPenalty = 0.9 },
        new SamplingOptions { Temperature = 0, PresencePenalty = -0.1 },
        new SamplingOptions { Temperature = 0, FrequencyPenalty = -0.1 },
        new SamplingOptions { Temperature = 0, LogitBias = new Dictionary<int, double> { [1] = -1 } },
    ];

    [Theory]
    [MemberData(nameof(NeedAll), DisableDiscoveryEnumeration = true)]
    public void What_the_likeliest_cannot_decide_is_known_beforehand(SamplingOptions options) => Assert.False(new Sampler(options, 1000).LikeliestMayDo);

    [Fact]
    public void All_of_a_vocabulary_in_its_own_order_are_not_the_likeliest()
    {
        Assert.False(new Sampler(new SamplingOptions { Temperature = 1, TopK = 40 }, 40).LikeliestMayDo);
        Assert.True(new Sampler(new SamplingOptions { Temperature = 1, TopK = 39, TopP = 0.9, MinP = 0.1 }, 40).LikeliestMayDo);
        Assert.True(new Sampler(new SamplingOptions { Temperature = 0, TopP = 0.9 }, 40).LikeliestMayDo);
    }

    private static SamplingOptions Options(Random random, int vocabulary)
    {
        bool repeats = random.Next(2) == 0, generated = random.Next(2) == 0;
        return new SamplingOptions
        {
            Temperature = random.Next(3) == 0 ? 0 : 0.3 + random.NextDouble() * 2,
            TopK = random.Next(1, Math.Min(vocabulary, random.Next(4) == 0 ? 65 : 45)),
            TopP = random.Next(2) == 0 ? 1 : 0.3 + random.NextDouble() * 0.7,
            MinP = random.Next(3) == 0 ? random.NextDouble() * 0.5 : 0,
            RepetitionPenalty = repeats ? 1 + random.NextDouble() : 1,
            PresencePenalty = generated ? random.NextDouble() * 2 : 0,
            FrequencyPenalty = generated ? random.NextDouble() : 0,
            Seed = (ulong)random.NextInt64(),
        };
    }

    private static float[] Draw(Random random, int vocabulary, string kind)
    {
        var logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++)
        {
            float spread = (float)Math.Log(random.NextDouble() + 1e-9) * -3 - 4;
            logits[i] = kind switch
            {
                "ties" => MathF.Round(spread),
                "flat" => random.Next(2) * 0.01f * random.Next(-1, 2) * (random.Next(2) == 0 ? -1 : 1),
                "divided" => MathF.BitIncrement(MathF.Round(spread) + 0.1f * random.Next(2)) + random.Next(3) * 1e-6f,
                _ => spread,
            };
        }
        return logits;
    }

    // By a plain sort.
    private static (int[] Tokens, float[] Logits) Best(float[] logits)
    {
        int[] tokens = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(Likeliest.Most)];
        return (tokens, [.. tokens.Select(token => logits[token])]);
    }

    // The filters as their names say.
    private static int Plain(float[] logits, SamplingOptions options, double u)
    {
        int[] tokens = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(options.TopK)];
        double[] weights = [.. tokens.Select(token => Math.Exp(((double)logits[token] - logits[tokens[0]]) / options.Temperature))];
        if (options.TopP < 1)
        {
            double goal = options.TopP * Sum(weights), sum = 0;
            int kept = 0;
            while (kept < weights.Length && sum < goal) sum += weights[kept++];
            weights = weights[..kept];
        }
        weights = [.. weights.TakeWhile(weight => weight >= options.MinP)];
        double at = u * Sum(weights), passed = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            passed += weights[i];
            if (passed > at) return tokens[i];
        }
        return tokens[weights.Length - 1];
    }

    // One after the other: LINQ's sum adds several at a time.
    private static double Sum(double[] values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum;
    }
}
