using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Tests.Checkpoints;

/// <summary>The golden checkpoints, as other tools wrote them.</summary>
public class GoldenFolderTests
{
    [Theory]
    [InlineData("p1", 1)]
    [InlineData("p2", 2)]
    [InlineData("p4", 4)]
    [InlineData("p8", 8)]
    public void Golden_checkpoints_open(string name, int streams)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", name);
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        Assert.Equal(streams, checkpoint.Config.Streams.Count);
        Assert.Empty(checkpoint.Notices);
        foreach ((string tensor, long[] shape) in ModelTensors.Expected(checkpoint.Config))
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(tensor);
            Assert.Equal(shape, info.Shape);
            Assert.Equal(info.ByteLength, file.Bytes(info).Length);
        }
    }
}
