using ParScale.Checkpoints;

namespace ParScale.Tests.Checkpoints;

/// <summary>The published-layout checkpoints beside the repository, where they are there.</summary>
public class GoldenFolderTests
{
    [Theory]
    [InlineData("p1", 1)]
    [InlineData("p2", 2)]
    [InlineData("p4", 4)]
    [InlineData("p8", 8)]
    public void Golden_checkpoints_open(string name, int streams)
    {
        string? folder = Find(Path.Combine("shared", "golden", name));
        if (folder is null) Assert.Skip("../shared/golden is not on this machine");
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        Assert.Equal(streams, checkpoint.Config.Streams);
        Assert.Empty(checkpoint.Notices);
        foreach ((string tensor, long[] shape) in ModelTensors.Expected(checkpoint.Config))
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(tensor);
            Assert.Equal(shape, info.Shape);
            Assert.Equal(info.ByteLength, file.Bytes(info).Length);
        }
    }

    private static string? Find(string relative)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string candidate = Path.Combine(at.FullName, relative);
            if (Directory.Exists(candidate)) return candidate;
        }
        return null;
    }
}
