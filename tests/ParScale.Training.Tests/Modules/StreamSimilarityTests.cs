using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

public sealed class StreamSimilarityTests
{
    [Fact]
    public void Cosines_are_those_of_every_pair_and_the_penalty_their_mean_square()
    {
        using var scope = NewDisposeScope();
        // Two tokens of two numbers in three streams: equal, at a right angle, opposite.
        Tensor states = tensor(new double[,,,] { { { { 1, 0 }, { 0, 3 } } }, { { { 5, 0 }, { 1, 0 } } }, { { { 0, 2 }, { 0, -1 } } } });
        Assert.Equal([1.0, 0, 0, -1, 0, 0], StreamSimilarity.Cosines(states).data<double>().ToArray());
        Assert.Equal(2 / 6.0, StreamSimilarity.Penalty(states).item<double>(), 1e-12);
    }

    [Fact]
    public void One_stream_has_no_penalty()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(0, StreamSimilarity.Penalty(ones(1, 2, 3, 4)).item<float>());
    }
}
