using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.ScalingLaws.Tests.Plan;

public class PlanReasonsTests(ITestOutputHelper output)
{
    [Fact]
    public void A_winner_is_explained_with_what_stops_the_next_ones()
    {
        PlanResult result = Planner.Plan(PlannerTests.Request);
        PlanChoice winner = Assert.IsType<PlanChoice>(result.Winner);
        IReadOnlyList<string> why = PlanReasons.WhyItWins(result);
        foreach (string sentence in why) output.WriteLine(sentence);
        Assert.StartsWith(Figures.Name(winner), why[0], StringComparison.Ordinal);
        Assert.Contains(why, sentence => sentence.StartsWith("The next larger size", StringComparison.Ordinal) && sentence.Contains("are allowed", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_streams_stop_is_said_for_batch_context_and_prompt()
    {
        PlanChoice choice = Planner.Consider(PlannerTests.Request, Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B")), 4, WeightDtype.Q8);
        StreamsPay pay = Assert.IsType<StreamsPay>(StreamsPay.Of(PlannerTests.Request, choice));
        IReadOnlyList<string> where = PlanReasons.WhereStreamsStop(PlannerTests.Request, pay);
        foreach (string sentence in where) output.WriteLine(sentence);
        Assert.Collection(where,
            sentence => Assert.Contains("P = 4 streams", sentence, StringComparison.Ordinal),
            sentence => Assert.StartsWith("Large batch: ", sentence, StringComparison.Ordinal),
            sentence => Assert.StartsWith("Long context: ", sentence, StringComparison.Ordinal),
            sentence => Assert.StartsWith("Long prompts: ", sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_outcome_has_words()
    {
        StreamsPay pay = Assert.IsType<StreamsPay>(StreamsPay.Of(PlannerTests.Request,
            Planner.Consider(PlannerTests.Request, PublishedShapes.All[0], 8, WeightDtype.Q4)));
        StreamsPay[] outcomes =
        [
            pay with { Batch = null, Context = null, OutputToBreakEven = 0 },
            pay with { Batch = 1, Context = 1, OutputToBreakEven = double.PositiveInfinity },
            pay with { Batch = 12, Context = 3072, OutputToBreakEven = 12.5 },
        ];
        string[] texts = [.. outcomes.Select(outcome => string.Join('\n', PlanReasons.WhereStreamsStop(PlannerTests.Request, outcome)))];
        Assert.Contains("stays faster", texts[0], StringComparison.Ordinal);
        Assert.Contains("never make that up", texts[1], StringComparison.Ordinal);
        Assert.Contains("from 12 sequences", texts[2], StringComparison.Ordinal);
        Assert.Contains("takes 13 tokens of output", texts[2], StringComparison.Ordinal);
        Assert.All(texts, text => Assert.DoesNotContain("∞", text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_failure_names_limit_need_and_shortfall()
    {
        PlanFailure failure = Assert.IsType<PlanFailure>(Planner.Plan(PlannerTests.Request with { MemoryLimit = 1e8 }).Failure);
        string line = PlanReasons.Describe(failure);
        output.WriteLine(line);
        Assert.Contains("limit on memory", line, StringComparison.Ordinal);
        Assert.Contains("more than 100 MB", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }
}
