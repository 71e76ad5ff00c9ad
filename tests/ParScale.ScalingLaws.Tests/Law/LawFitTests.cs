using CsCheck;
using ParScale.ScalingLaws.Law;

namespace ParScale.ScalingLaws.Tests.Law;

public class LawFitTests
{
    private static readonly int[] Streams = [1, 2, 4, 8];

    public static TheoryData<string, double, double, double, double, double> Published => new()
    {
        { "stack", 0.6913, 1.1306e7, 0.1894, 0.3935, 0.9978 },
        { "pile", 1.2889, 1.9727e8, 0.1964, 0.3344, 0.9987 },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void The_published_figures_come_out(string data, double e, double a, double alpha, double k, double rSquared)
    {
        LawFit fit = LawFit.Of(data == "stack" ? LossTable.StackV2Python : LossTable.Pile);
        Close(e, fit.Law.E, 0.002);
        Close(a, fit.Law.A, 0.002);
        Close(alpha, fit.Law.Alpha, 0.002);
        Close(k, fit.Law.K, 0.002);
        Assert.Equal(rSquared, fit.RSquared, 5e-5);
        Assert.Empty(fit.Notes);
    }

    [Fact]
    public void The_largest_errors_are_those_of_the_largest_plain_models()
    {
        LossResidual stack = LawFit.Of(LossTable.StackV2Python).Residuals.MaxBy(residual => Math.Abs(residual.Error));
        LossResidual pile = LawFit.Of(LossTable.Pile).Residuals.MaxBy(residual => Math.Abs(residual.Error));
        Assert.Equal((4353203200, 1), ((long)stack.Point.N, stack.Point.P));
        Assert.Equal((4353203200, 1), ((long)pile.Point.N, pile.Point.P));
        Assert.Equal(0.0063, Math.Abs(stack.Error), 2e-4);
        Assert.Equal(0.0114, Math.Abs(pile.Error), 2e-4);
    }

    [Fact]
    public void Planted_laws_are_found_again_at_any_size() =>
        Gen.Select(Gen.Double[0.3, 2], Gen.Double[0.3, 1.5], Gen.Double[0.15, 0.8], Gen.Double[0.05, 1.5], Gen.Double[4, 11]).Sample(
            (e, reducible, alpha, k, magnitude) =>
            {
                double middle = Math.Pow(10, magnitude);
                var law = new ScalingLaw(e, middle * Math.Pow(reducible, 1 / alpha), alpha, k);
                ScalingLaw found = LawFit.Of(Exact(law, middle)).Law;
                Close(law.E, found.E, 1e-3);
                Close(law.A, found.A, 1e-2);
                Close(law.Alpha, found.Alpha, 1e-3);
                Close(law.K, found.K, 1e-3);
            },
            iter: 12,
            threads: 1);

    [Fact]
    public void One_wild_point_hardly_moves_the_fit()
    {
        LossPoint[] points = [.. Exact(ScalingLaw.StackV2Python, 1.5e9).Points];
        points[9] = points[9] with { Loss = points[9].Loss * 1.05 };
        ScalingLaw found = LawFit.Of(new LossTable("one wild point", points)).Law;
        Close(ScalingLaw.StackV2Python.E, found.E, 0.005);
        Close(ScalingLaw.StackV2Python.K, found.K, 0.005);
    }

    [Fact]
    public void The_order_of_the_points_does_not_matter()
    {
        ScalingLaw forwards = LawFit.Of(LossTable.Pile).Law;
        ScalingLaw backwards = LawFit.Of(new LossTable("backwards", LossTable.Pile.Points.Reverse())).Law;
        Close(forwards.A, backwards.A, 1e-4);
        Close(forwards.K, backwards.K, 1e-4);
    }

    [Fact]
    public void Losses_that_rise_with_size_are_refused()
    {
        IEnumerable<LossPoint> points = LossTable.Pile.Points.Select(point => point with { Loss = 4 - point.Loss });
        Assert.Equal("LW-08", Assert.Throws<LossTableException>(() => LawFit.Of(new LossTable("rising", points))).Code);
    }

    [Fact]
    public void Streams_that_do_not_help_are_said_so()
    {
        IEnumerable<LossPoint> points = LossTable.Pile.Points.Select(point => point with { Loss = ScalingLaw.Pile.Loss(point.N / point.P, 1) });
        Assert.Contains(LawFit.Of(new LossTable("streams hurt", points)).Notes, note => note.Contains("k is 0", StringComparison.Ordinal));
    }

    [Fact]
    public void Four_points_fit_and_say_that_this_proves_nothing()
    {
        LossPoint[] points = [new(1e8, 1, 3), new(1e9, 1, 2.5), new(1e10, 1, 2.2), new(1e9, 4, 2.4)];
        LawFit fit = LawFit.Of(new LossTable("four", points));
        Assert.Contains(fit.Notes, note => note.Contains("proves nothing", StringComparison.Ordinal));
        Assert.Null(LawBootstrap.Of(fit));
        Assert.Equal(["log", "correlation"], LawComparison.Of(fit).Forms.Select(form => form.Name));
    }

    private static LossTable Exact(ScalingLaw law, double middle) => new(
        "exact",
        from size in Enumerable.Range(-3, 7)
        from streams in Streams
        let n = middle * Math.Pow(2.2, size)
        select new LossPoint(n, streams, law.Loss(n, streams)));

    private static void Close(double expected, double actual, double relative) =>
        Assert.True(Math.Abs(actual - expected) <= relative * Math.Abs(expected), $"{actual:R} is not within {relative} of {expected:R}");
}
