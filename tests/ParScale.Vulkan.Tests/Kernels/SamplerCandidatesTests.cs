using ParScale.Generation;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>What a device is asked for and what a sampler makes of it, without a device.</summary>
public class SamplerCandidatesTests
{
    [Fact]
    public void Only_choices_among_a_few_need_a_few()
    {
        Assert.Equal(1, new Sampler(SamplingOptions.Greedy, 50).CandidatesNeeded(50));
        Assert.Equal(21, new Sampler(new SamplingOptions { TopK = 20 }, 50).CandidatesNeeded(50));
        Assert.Null(new Sampler(new SamplingOptions { TopK = 50 }, 50).CandidatesNeeded(50));
        Assert.Null(new Sampler(new SamplingOptions { TopP = 0.9 }, 50).CandidatesNeeded(50));
    }

    [Fact]
    public void Changes_are_told_once_for_each_token()
    {
        var sampler = new Sampler(
            new SamplingOptions { Temperature = 0, RepetitionPenalty = 1.5, PresencePenalty = 0.25, FrequencyPenalty = 0.5, LogitBias = new Dictionary<int, double> { [2] = -1, [3] = 4 } }, 5);
        sampler.See(0);
        Assert.Equal(3, sampler.Next([0, 0, 0, 0, 0]));
        Assert.Equal(3, sampler.Next([0, 0, 0, 0, 0]));
        ScoreChange[] changes = [.. sampler.ScoreChanges().OrderBy(change => change.Token)];
        Assert.Equal([new ScoreChange(0, 1.5f, 0, 0), new ScoreChange(2, 1, 0, -1), new ScoreChange(3, 1.5f, 1.25f, 4)], changes);
        Assert.Empty(new Sampler(SamplingOptions.Greedy, 5).ScoreChanges());
    }

    [Fact]
    public void A_tie_at_the_end_is_left_to_all_logits()
    {
        var options = new SamplingOptions { TopK = 2, Seed = 1 };
        Assert.False(new Sampler(options, 9).TryNext([new(3, 0), new(1, 4), new(1, 7)], out _));
        Assert.True(new Sampler(options, 9).TryNext([new(3, 0), new(1, 4), new(0.9f, 7)], out int token));
        Assert.Equal(new Sampler(options, 9).Next([3, -1, -1, -1, 1, -1, -1, 0.9f, -1]), token);
        // Weights so small that they are equal, of scores that are not.
        Assert.False(new Sampler(options with { Temperature = 0.001 }, 9).TryNext([new(3, 0), new(1, 4), new(0.9f, 7)], out _));
    }
}
