using ParScale.ScalingLaws.Law;

namespace ParScale.ScalingLaws.Tests.Law;

public class LawBootstrapTests
{
    private static readonly LawFit Fit = LawFit.Of(LossTable.StackV2Python);

    [Fact]
    public void The_same_seed_gives_the_same_intervals()
    {
        Interval first = Of(Fit, 50, seed: 7).Of(law => law.K);
        Assert.Equal(first, Of(Fit, 50, seed: 7).Of(law => law.K));
        Assert.NotEqual(first, Of(Fit, 50, seed: 8).Of(law => law.K));
    }

    [Fact]
    public void Intervals_hold_the_fit_and_the_data_fix_predictions_better_than_parameters()
    {
        LawBootstrap bootstrap = Of(Fit, LawBootstrap.DefaultSamples, seed: 1);
        Assert.Equal(LawBootstrap.DefaultSamples, bootstrap.Samples);
        foreach (Func<ScalingLaw, double> figure in new Func<ScalingLaw, double>[] { law => law.E, law => law.A, law => law.Alpha, law => law.K })
        {
            Interval interval = bootstrap.Of(figure);
            Assert.InRange(figure(Fit.Law), interval.Low, interval.High);
        }
        Interval floor = bootstrap.Of(law => law.E), loss = bootstrap.Of(law => law.Loss(2.8e9, 4));
        Assert.True(floor.High - floor.Low > 0.1);
        Assert.True(loss.High - loss.Low < 0.01);
    }

    // 40 planted data sets with scatter of 0.2 %: 95 % intervals must hold the truth in most of them.
    [Fact]
    public void Intervals_hold_planted_truth_about_as_often_as_they_say()
    {
        var random = new Random(1);
        int held = 0;
        for (int i = 0; i < 40; i++)
        {
            IEnumerable<LossPoint> points = LossTable.Pile.Points.Select(point => point with { Loss = ScalingLaw.Pile.Loss(point.N, point.P) * (1 + (0.002 * Normal(random))) });
            Interval k = Of(LawFit.Of(new LossTable("planted", points)), 60, seed: 1).Of(law => law.K);
            if (k.Low <= ScalingLaw.Pile.K && ScalingLaw.Pile.K <= k.High) held++;
        }
        Assert.InRange(held, 32, 40);
    }

    private static LawBootstrap Of(LawFit fit, int samples, int seed) =>
        LawBootstrap.Of(fit, samples, seed) ?? throw new InvalidOperationException("there are points enough");

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
