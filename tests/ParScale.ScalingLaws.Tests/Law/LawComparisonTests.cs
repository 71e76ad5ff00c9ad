using ParScale.ScalingLaws.Law;

namespace ParScale.ScalingLaws.Tests.Law;

public class LawComparisonTests
{
    private static readonly LawComparison Stack = LawComparison.Of(LawFit.Of(LossTable.StackV2Python));
    private static readonly LawComparison Pile = LawComparison.Of(LawFit.Of(LossTable.Pile));

    [Fact]
    public void The_saturating_form_fits_the_published_losses_better_than_the_law_and_theory_worse()
    {
        foreach (LawComparison comparison in new[] { Stack, Pile })
        {
            (FormReport law, FormReport theory, FormReport saturating) = (comparison.Forms[0], comparison.Forms[1], comparison.Forms[2]);
            Assert.Equal(("log", "correlation", "saturating"), (law.Name, theory.Name, saturating.Name));
            Assert.True(saturating.RSquared > law.RSquared && law.RSquared > theory.RSquared);
            Assert.True(saturating.Aicc < law.Aicc && law.Aicc < theory.Aicc);
            Assert.True(saturating.Bic < law.Bic && law.Bic < theory.Bic);
            Assert.True(saturating.CrossValidation < law.CrossValidation && law.CrossValidation < theory.CrossValidation);
        }
        Assert.Equal(0.9984, Stack.Forms[2].RSquared, 1e-4);
        Assert.Equal(0.9998, Pile.Forms[2].RSquared, 1e-4);
    }

    [Fact]
    public void Extrapolation_leaves_out_the_largest_models_the_most_streams_and_both()
    {
        Assert.Equal([4, 6, 9], Stack.Forms[0].Extrapolations.Select(held => held.Points));
        Assert.All(Stack.Forms.Concat(Pile.Forms).SelectMany(form => form.Extrapolations), held =>
        {
            Assert.InRange(held.RmsError, 0.0005, 0.02);
            Assert.InRange(held.WorstError, held.RmsError, 0.03);
        });
    }

    [Fact]
    public void What_the_data_do_not_settle_is_said_in_words()
    {
        Assert.Contains("No point has p above 8, so these data do not determine the loss beyond p = 8.", Pile.OpenQuestions);
        Assert.Contains(Pile.OpenQuestions, sentence => sentence.StartsWith("From p = 8 to 16, at n = 1.106B", StringComparison.Ordinal));
    }

    [Fact]
    public void Reported_losses_follow_from_reported_parameters()
    {
        FormReport saturating = Pile.Forms[2];
        IReadOnlyDictionary<string, double> at = saturating.Parameters;
        double loss = at["c0"] + (at["c1"] * Math.Pow(2e9, -at["alpha"])) + (at["c2"] * Math.Pow(4, -at["beta"]));
        Assert.Equal(loss, saturating.Loss(2e9, 4), 1e-9);

        at = Pile.Forms[1].Parameters;
        loss = at["e"] + (Math.Pow(at["a"] / 2e9, at["alpha"]) * ((3 * at["rho"]) + 1) / 4);
        Assert.Equal(loss, Pile.Forms[1].Loss(2e9, 4), 1e-9);
    }

    [Fact]
    public void Planted_forms_win()
    {
        LossTable Planted(Func<double, int, double> loss) =>
            new("planted", LossTable.Pile.Points.Select((point, i) => point with { Loss = loss(point.N, point.P) * (1 + (i % 3 * 1e-5)) }));

        Assert.Equal("log", Best(Planted(ScalingLaw.Pile.Loss)));
        Assert.Equal("correlation", Best(Planted((n, p) => 1 + (Math.Pow(1e9 / n, 0.3) * (((p - 1) * 0.7) + 1) / p))));
        Assert.Equal("saturating", Best(Planted((n, p) => 1 + Math.Pow(1e9 / n, 0.3) + (0.1 / p))));
    }

    [Fact]
    public void Many_points_are_left_out_in_fifty_parts()
    {
        LossPoint[] points =
        [
            .. from size in Enumerable.Range(0, 30)
               from p in new[] { 1, 2, 4 }
               let n = 1e8 * Math.Pow(1.2, size)
               select new LossPoint(n, p, ScalingLaw.Pile.Loss(n, p) * (1 + (size % 3 * 1e-4))),
        ];
        FormReport law = LawComparison.Of(LawFit.Of(new LossTable("many", points))).Forms[0];
        Assert.InRange(law.CrossValidation ?? 0, 1e-5, 1e-3);
    }

    [Fact]
    public void A_saturating_form_that_does_not_saturate_is_said_so()
    {
        IEnumerable<LossPoint> points = LossTable.Pile.Points.Select(
            point => point with { Loss = 1 + Math.Pow(1e9 / point.N, 0.3) + 0.2 - (0.03 * Math.Log(point.P)) });
        Assert.Contains(
            LawComparison.Of(LawFit.Of(new LossTable("additive logarithm", points))).OpenQuestions,
            sentence => sentence.StartsWith("The saturating form saturates nowhere", StringComparison.Ordinal));
    }

    private static string? Best(LossTable table) => LawComparison.Of(LawFit.Of(table)).Forms.MinBy(form => form.Aicc)?.Name;
}
