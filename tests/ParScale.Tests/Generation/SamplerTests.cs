using ParScale.Generation;

namespace ParScale.Tests.Generation;

public class SamplerTests
{
    // Probabilities 0.5, 0.25, 0.15, 0.1 in a shuffled order.
    private static readonly float[] Logits = [.. new[] { 0.15, 0.5, 0.1, 0.25 }.Select(p => (float)Math.Log(p))];

    [Fact]
    public void Greedy_takes_the_likeliest()
    {
        var sampler = new Sampler(SamplingOptions.Greedy, 4);
        for (int i = 0; i < 5; i++) Assert.Equal(1, sampler.Next(Logits));
    }

    [Fact]
    public void Frequencies_follow_the_probabilities() =>
        AssertFrequencies([0.15, 0.5, 0.1, 0.25], new SamplingOptions { Temperature = 1, Seed = 1 });

    [Fact]
    public void Temperature_sharpens()
    {
        double[] squares = [0.15 * 0.15, 0.5 * 0.5, 0.1 * 0.1, 0.25 * 0.25];
        AssertFrequencies([.. squares.Select(p => p / squares.Sum())], new SamplingOptions { Temperature = 0.5, Seed = 2 });
    }

    [Fact]
    public void Top_k_keeps_the_k_likeliest() =>
        AssertFrequencies([0, 0.5 / 0.75, 0, 0.25 / 0.75], new SamplingOptions { Temperature = 1, TopK = 2, Seed = 3 });

    [Theory]
    [InlineData(0.4, 1)]
    [InlineData(0.6, 2)]
    [InlineData(0.89, 3)]
    [InlineData(0.95, 4)]
    public void Top_p_keeps_the_fewest_that_reach_it(double topP, int kept)
    {
        double[] byRank = [0.5, 0.25, 0.15, 0.1];
        double mass = byRank.Take(kept).Sum();
        double[] expected = [.. new[] { 2, 0, 3, 1 }.Select(rank => rank < kept ? byRank[rank] / mass : 0)];
        AssertFrequencies(expected, new SamplingOptions { Temperature = 1, TopP = topP, Seed = 4 });
    }

    [Theory]
    [InlineData(0.55, 1)]
    [InlineData(0.45, 2)]
    [InlineData(0.25, 3)]
    [InlineData(0.19, 4)]
    public void Min_p_is_a_share_of_the_likeliest(double minP, int kept)
    {
        double[] byRank = [0.5, 0.25, 0.15, 0.1];
        double mass = byRank.Take(kept).Sum();
        double[] expected = [.. new[] { 2, 0, 3, 1 }.Select(rank => rank < kept ? byRank[rank] / mass : 0)];
        AssertFrequencies(expected, new SamplingOptions { Temperature = 1, MinP = minP, Seed = 5 });
    }

    [Fact]
    public void Top_p_works_on_what_top_k_left()
    {
        // Of the two likeliest, 2/3 and 1/3, a mass of 0.6 is reached by the first alone.
        AssertFrequencies([0, 1, 0, 0], new SamplingOptions { Temperature = 1, TopK = 2, TopP = 0.6, Seed = 6 });
    }

    [Fact]
    public void Repetition_penalty_divides_positive_and_multiplies_negative_logits()
    {
        var options = new SamplingOptions { Temperature = 0, RepetitionPenalty = 2 };
        var sampler = new Sampler(options, 3);
        Assert.Equal(0, sampler.Next([3, 2, -1]));
        Assert.Equal(1, sampler.Next([3, 2, -1]));
        var negative = new Sampler(options, 2);
        negative.See(0);
        Assert.Equal(1, negative.Next([-1, -1.5f]));
    }

    [Fact]
    public void Presence_and_frequency_penalties_count_what_was_generated()
    {
        var options = new SamplingOptions { Temperature = 0, PresencePenalty = 0.5, FrequencyPenalty = 0.25 };
        var sampler = new Sampler(options, 3);
        sampler.See(0);
        Assert.Equal(0, sampler.Next([1, 0.4f, 0]));
        // Once: 1 - 0.75.
        Assert.Equal(1, sampler.Next([1, 0.4f, 0]));
        Assert.Equal(0, sampler.Next([1, 0.4f, 0]));
        // Twice: 1 - 1; once: 0.4 - 0.75.
        Assert.Equal(2, sampler.Next([1, 0.4f, 0.1f]));
    }

    [Fact]
    public void A_bias_is_added()
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 0, LogitBias = new Dictionary<int, double> { [2] = 3, [0] = -100 } }, 3);
        Assert.Equal(2, sampler.Next([1, 0.4f, -2]));
        Assert.Equal(1, sampler.Next([1, 0.4f, -20]));
        Assert.Equal("SA-02", Assert.Throws<ParScaleException>(() => new Sampler(new SamplingOptions { LogitBias = new Dictionary<int, double> { [3] = 1 } }, 3)).Code);
    }

    [Fact]
    public void Only_tokens_of_the_mask_are_chosen()
    {
        var mask = new TokenMask(70);
        mask.Add(3);
        mask.Add(65);
        Assert.Equal(65, new Sampler(SamplingOptions.Greedy, 70).Next([.. Enumerable.Range(0, 70).Select(i => i == 66 ? 99f : i)], mask));
        mask.AddAll();
        mask.Remove(69);
        Assert.Equal(68, new Sampler(SamplingOptions.Greedy, 70).Next([.. Enumerable.Range(0, 70).Select(i => (float)i)], mask));
    }

    [Fact]
    public void The_same_seed_draws_the_same()
    {
        int[] Draw(ulong seed)
        {
            var sampler = new Sampler(new SamplingOptions { Temperature = 1, Seed = seed }, 4);
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Next(Logits))];
        }

        Assert.Equal(Draw(7), Draw(7));
        Assert.NotEqual(Draw(7), Draw(8));
    }

    [Fact]
    public void The_random_sequence_is_fixed_for_all_systems()
    {
        // First outputs of SplitMix64 for seed 1234567, from the algorithm's public reference, shifted to 53 bits.
        var random = new SplitMix64(1234567);
        Assert.Equal((6457827717110365317UL >> 11) * Math.Pow(2, -53), random.NextDouble());
        Assert.Equal((3203168211198807973UL >> 11) * Math.Pow(2, -53), random.NextDouble());
    }

    [Fact]
    public void A_large_vocabulary_orders_as_a_full_sort_does()
    {
        var random = new Random(3);
        float[] logits = [.. Enumerable.Range(0, 20_000).Select(_ => (float)(random.NextDouble() * 8))];
        int[] sorted = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i])];
        var sampler = new Sampler(new SamplingOptions { Temperature = 1, TopK = 40, Seed = 1 }, logits.Length);
        var top = new HashSet<int>(sorted.Take(40));
        for (int i = 0; i < 200; i++) Assert.Contains(sampler.Next(logits), top);
    }

    [Theory]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_without_a_finite_largest_are_refused(float logit)
    {
        foreach (double temperature in new[] { 0, 1.0 })
        {
            var sampler = new Sampler(new SamplingOptions { Temperature = temperature }, 2);
            Assert.Throws<ArgumentException>(() => sampler.Next([float.NegativeInfinity, logit]));
        }
    }

    [Fact]
    public void Minus_infinity_is_never_drawn_and_equal_logits_share()
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 1, TopK = 3, Seed = 1 }, 4);
        int[] counts = new int[4];
        for (int i = 0; i < 3000; i++) counts[sampler.Next([2, float.NegativeInfinity, 2, 2])]++;
        Assert.Equal(0, counts[1]);
        Assert.All([counts[0], counts[2], counts[3]], count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void Without_a_seed_every_sampler_draws_its_own()
    {
        int[] Draw()
        {
            var sampler = new Sampler(new SamplingOptions { Temperature = 1 }, 4);
            return [.. Enumerable.Range(0, 60).Select(_ => sampler.Next(Logits))];
        }

        Assert.NotEqual(Draw(), Draw());
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(1, 0.5)]
    public void Filters_on_a_large_flat_vocabulary_keep_the_likeliest(double topP, double minP)
    {
        // Token i has weight (i + 1) out of 5000 * 5001 / 2, in a shuffled order of ids.
        int[] shuffle = [.. Enumerable.Range(0, 5000).Select(i => (int)((long)i * 1237 % 5000))];
        var logits = new float[5000];
        for (int i = 0; i < 5000; i++) logits[shuffle[i]] = MathF.Log(i + 1);
        int lowest = topP < 1 ? 3535 : 2499;
        var allowed = new HashSet<int>(Enumerable.Range(lowest - 1, 5000 - lowest + 1).Select(i => shuffle[i]));
        var sampler = new Sampler(new SamplingOptions { Temperature = 1, TopP = topP, MinP = minP, Seed = 2 }, 5000);
        for (int i = 0; i < 2000; i++) Assert.Contains(sampler.Next(logits), allowed);
    }

    public static TheoryData<SamplingOptions, string> Bad => new()
    {
        { new() { Temperature = -1 }, "temperature" },
        { new() { Temperature = double.NaN }, "temperature" },
        { new() { Temperature = double.PositiveInfinity }, "temperature" },
        { new() { TopK = -1 }, "top-k" },
        { new() { TopP = 0 }, "top-p" },
        { new() { TopP = 1.1 }, "top-p" },
        { new() { MinP = -0.1 }, "min-p" },
        { new() { MinP = 2 }, "min-p" },
        { new() { RepetitionPenalty = 0 }, "repetition penalty" },
        { new() { RepetitionPenalty = 1e-50 }, "repetition penalty" },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void Values_out_of_range_are_refused_by_name(SamplingOptions options, string name)
    {
        var refused = Assert.Throws<ParScaleException>(() => new Sampler(options, 4));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.StartsWith(name, refused.Message, StringComparison.Ordinal);
    }

    private static void AssertFrequencies(double[] expected, SamplingOptions options)
    {
        const int Draws = 20_000;
        var sampler = new Sampler(options, 4);
        var counts = new int[4];
        for (int i = 0; i < Draws; i++) counts[sampler.Next(Logits)]++;
        for (int i = 0; i < 4; i++)
        {
            // Five standard deviations; the seed is fixed, so a pass stays a pass.
            double allowed = 5 * Math.Sqrt(expected[i] * (1 - expected[i]) / Draws);
            Assert.Equal(expected[i], counts[i] / (double)Draws, allowed + 1e-12);
        }
    }
}
