using CsCheck;

namespace ParScale.ScalingLaws.Tests;

public class ScalingLawTests
{
    [Fact]
    public void The_published_example()
    {
        ScalingLaw law = ScalingLaw.StackV2Python;
        Assert.Equal(1.01548, law.Loss(2.8e9, 4), 1e-4);
        Assert.Equal(4.33e9, law.EquivalentParameters(2.8e9, 4), 0.005e9);
    }

    [Fact]
    public void Every_way_back_returns_where_it_came_from() =>
        Gen.Select(Gen.Double[1e7, 1e11], Gen.Int[1, 64]).Sample((n, p) =>
        {
            ScalingLaw law = ScalingLaw.Pile;
            double plain = law.EquivalentParameters(n, p);
            Assert.Equal(1, law.ParametersWithStreams(plain, p) / n, 1e-12);
            Assert.Equal(law.Loss(n, p), law.Loss(plain, 1), 1e-12);
            Assert.Equal(1, law.ParametersForLoss(law.Loss(n, p), p) / n, 1e-9);
        });

    [Fact]
    public void No_size_reaches_the_irreducible_loss() => Assert.Equal(double.PositiveInfinity, ScalingLaw.Pile.ParametersForLoss(1.2, 8));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(1e9, 0)]
    public void Impossible_models_are_refused(double n, int p) => Assert.Throws<ArgumentOutOfRangeException>(() => ScalingLaw.Pile.Loss(n, p));
}
