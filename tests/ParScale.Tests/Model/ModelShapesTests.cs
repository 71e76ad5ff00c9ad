using ParScale.Configuration;
using ParScale.Model;

namespace ParScale.Tests.Model;

public class ModelShapesTests
{
    // The table of the paper, section 2.1.
    [Theory]
    [InlineData("0.7B", 671_948_032, 387_072)]
    [InlineData("0.9B", 849_336_320, 442_368)]
    [InlineData("1.3B", 1_282_854_400, 552_960)]
    [InlineData("1.8B", 1_804_846_080, 663_552)]
    [InlineData("3B", 3_085_938_688, 884_736)]
    [InlineData("4.7B", 4_742_159_360, 1_105_920)]
    public void Published_sizes_have_the_published_parameter_counts(string name, long total, long prefixPerStream)
    {
        ModelConfig shape = ModelShapes.Find(name) ?? throw new InvalidOperationException(name);
        Assert.Equal(total, shape.Parameters);
        long hidden = shape.HiddenSize;
        foreach (int streams in new[] { 2, 4, 8 })
        {
            var parallel = CheckpointConfig.Create(shape, new StreamConfig(streams, ModelShapes.PrefixTokens, ModelShapes.Smoothing));
            Assert.Equal(total + streams * prefixPerStream + streams * hidden * hidden + hidden + hidden * streams + streams, parallel.Parameters);
            Assert.Equal(parallel.ToJson(), CheckpointConfig.Parse(System.Text.Encoding.UTF8.GetBytes(parallel.ToJson()), "config.json").ToJson());
        }
    }

    [Fact]
    public void Names_of_the_paper_are_known_where_they_are_not_another_model()
    {
        Assert.Equal(ModelShapes.Find("1.8B"), ModelShapes.Find("1.6b"));
        Assert.Equal(896, ModelShapes.Find("0.7B")?.HiddenSize);
        Assert.Null(ModelShapes.Find("2B"));
        Assert.All(ModelShapes.Names, name => Assert.NotNull(ModelShapes.Find(name)));
    }
}
