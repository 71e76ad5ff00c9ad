using CsCheck;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Tests.Cost;

public class PublishedShapesTests
{
    [Fact]
    public void Names_of_the_paper_are_known_where_they_are_not_another_model()
    {
        Assert.Equal(PublishedShapes.Find("1.8B"), PublishedShapes.Find("1.6b"));
        Assert.Equal(896, PublishedShapes.Find("0.7B")?.Hidden);
        Assert.Null(PublishedShapes.Find("2B"));
        Assert.All(PublishedShapes.All, shape => Assert.Same(shape, PublishedShapes.Find(shape.Name)));
    }

    [Fact]
    public void Streams_add_prefixes_and_both_matrices_of_the_aggregator()
    {
        ModelShape shape = Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B"));
        Assert.Equal(8 * 663_552, shape.PrefixParameters(8));
        Assert.Equal(8 * 1536 * 1536 + 1536 + 1536 * 8 + 8, shape.AggregatorParameters(8));
        Assert.Equal(0, shape.PrefixParameters(1) + shape.AggregatorParameters(1));
    }

    [Fact]
    public void Any_size_has_a_shape_of_that_many_parameters() =>
        Gen.Double[Math.Log(PublishedShapes.Least), Math.Log(PublishedShapes.Most)].Sample(log =>
        {
            double n = Math.Exp(log);
            ModelShape shape = PublishedShapes.WithParameters(n);
            Assert.InRange(shape.NonEmbeddingParameters(1) / n, 0.99, 1.01);
            Assert.Equal(shape.Hidden, shape.Heads * shape.HeadSize);
            Assert.InRange((double)shape.Intermediate / shape.Hidden, 1, 16);
        });

    [Fact]
    public void A_mixture_holds_all_experts_and_reads_those_that_are_used()
    {
        ModelShape mixture = PublishedShapes.Mixture(8e9, 1e9);
        Assert.InRange(mixture.NonEmbeddingParameters(1) / 1e9, 0.99, 1.01);
        Assert.InRange((mixture.TotalParameters(1) - mixture.EmbeddingParameters) / 8e9, 0.99, 1.01);
        double experts = mixture.Layers * mixture.FeedForwardParameters + mixture.IdleParameters;
        Assert.Equal(mixture.Layers * mixture.FeedForwardParameters, experts * mixture.ExpertsUsed(1), 1.0);
        Assert.InRange(mixture.ExpertsUsed(8), 4 * mixture.ExpertShare, 8 * mixture.ExpertShare);
        Assert.InRange(mixture.ExpertsUsed(1000), 0.999, 1);
        Assert.Equal(1, PublishedShapes.All[0].ExpertsUsed(1));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(0)]
    [InlineData(1e15)]
    public void Sizes_without_a_shape_are_refused(double n) => Assert.Throws<ArgumentOutOfRangeException>(() => PublishedShapes.WithParameters(n));

    [Fact]
    public void A_mixture_of_fewer_than_it_uses_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => PublishedShapes.Mixture(1e9, 1e9));
}
