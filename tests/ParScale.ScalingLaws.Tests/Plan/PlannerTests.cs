using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class PlannerTests
{
    internal static readonly PlanRequest Request = new()
    {
        Law = ScalingLaw.StackV2Python,
        Device = Devices.Measured("a slow box", 16e9, 30e9, 100e9, 370e9),
        Work = new Workload(1, 3840, 256),
        MemoryLimit = 8e9,
        DecodeLimit = 0.06,
    };

    [Fact]
    public void The_winner_has_the_least_loss_of_all_that_hold_the_limits()
    {
        PlanResult result = Planner.Plan(Request);
        PlanChoice winner = Assert.IsType<PlanChoice>(result.Winner);
        PlanChoice[] holding = [.. result.All.Where(choice => choice.MemoryBytes <= 8e9 && choice.DecodeSeconds <= 0.06)];
        Assert.Equal(holding.Length, result.Ranked.Count);
        Assert.Equal(holding.Min(choice => choice.Loss), winner.Loss);
        Assert.Equal(result.All.Count, Request.Shapes.Count * Request.Streams.Count * Request.Weights.Count);
        Assert.Null(result.Failure);
    }

    [Fact]
    public void The_front_holds_what_nothing_beats_and_no_more()
    {
        PlanResult result = Planner.Plan(Request);
        Assert.Contains(result.Winner, result.Front);
        Assert.All(result.Front, choice => Assert.DoesNotContain(result.Ranked, choice.IsBeatenBy));
        Assert.All(result.Ranked.Except(result.Front), choice => Assert.Contains(result.Front, choice.IsBeatenBy));
    }

    [Fact]
    public void Losses_are_the_laws_with_prefixes_aggregator_and_rounding()
    {
        ModelShape shape = Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B"));
        double n = shape.NonEmbeddingParameters(1) + shape.PrefixParameters(4) + shape.AggregatorParameters(4);
        Assert.Equal(ScalingLaw.StackV2Python.Loss(n, 4), Planner.Consider(Request, shape, 4, WeightDtype.Bf16).Loss, 1e-12);
        Assert.Equal(ScalingLaw.StackV2Python.Loss(n, 4) + Math.Log(6.1565 / 5.9066), Planner.Consider(Request, shape, 4, WeightDtype.Q4).Loss, 1e-12);
    }

    [Theory]
    [InlineData(null, KvDtype.F32, KvDtype.F32, KvDtype.Bf16, KvDtype.Bf16)]
    [InlineData(KvDtype.Q8, KvDtype.Q8, KvDtype.Q8, KvDtype.Q8, KvDtype.Q8)]
    public void Keys_and_values_are_as_asked_or_else_as_exact_as_the_weights(KvDtype? asked, params KvDtype[] taken) =>
        Assert.Equal(taken, Enum.GetValues<WeightDtype>().Select(weights => Planner.Consider(Request with { Cache = asked }, PublishedShapes.All[0], 2, weights).Query.Cache));

    [Fact]
    public void Limits_are_held_at_the_end_of_the_context()
    {
        ModelShape shape = Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B"));
        PlanChoice choice = Planner.Consider(Request, shape, 4, WeightDtype.Q8);
        Assert.Equal(CostModel.DecodeSeconds(choice.Query, 4096), choice.DecodeSeconds);
        Assert.Equal(CostModel.Memory(choice.Query).Total, choice.MemoryBytes);
    }

    [Fact]
    public void A_limit_that_nothing_holds_is_named_with_what_is_missing()
    {
        PlanFailure failure = Assert.IsType<PlanFailure>(Planner.Plan(Request with { MemoryLimit = 1e8 }).Failure);
        Assert.Equal((PlanLimit.Memory, 1e8, false), (failure.Limit, failure.Allowed, failure.Others));
        Assert.Equal(failure.Needed, failure.Nearest.MemoryBytes);
        failure = Assert.IsType<PlanFailure>(Planner.Plan(Request with { DecodeLimit = 1e-6 }).Failure);
        Assert.Equal(PlanLimit.Decode, failure.Limit);
        failure = Assert.IsType<PlanFailure>(Planner.Plan(Request with { PrefillLimit = 1e-6 }).Failure);
        Assert.Equal(PlanLimit.Prefill, failure.Limit);
    }

    [Fact]
    public void Limits_that_only_fail_together_say_so()
    {
        // The small one fits in memory, the fast one does not: a mixture reads little and holds much.
        PlanRequest request = Request with
        {
            Shapes = [PublishedShapes.WithParameters(2e9), PublishedShapes.Mixture(40e9, 0.3e9)],
            Weights = [WeightDtype.Q4],
            MemoryLimit = 4e9,
            DecodeLimit = 0.03,
            Work = new Workload(1, 100, 28),
        };
        PlanFailure failure = Assert.IsType<PlanFailure>(Planner.Plan(request).Failure);
        Assert.True(failure.Others);
        Assert.Equal(PlanLimit.Decode, failure.Limit);
        Assert.Equal(1, failure.Nearest.Streams);
        Assert.True(failure.Needed > 0.03);
    }

    [Fact]
    public void The_published_one_and_the_plain_one_are_the_best_of_theirs()
    {
        PlanResult result = Planner.Plan(Request);
        PlanChoice published = Assert.IsType<PlanChoice>(result.Published), plain = Assert.IsType<PlanChoice>(result.Plain);
        Assert.NotEmpty(PublishedCheckpoints.Names(published.Shape, published.Streams));
        Assert.Equal(result.Ranked.Where(choice => choice.Streams == 1).Min(choice => choice.Loss), plain.Loss);
    }
}
