using ParScale.Checkpoints;
using ParScale.Configuration;

namespace ParScale.Tests.Checkpoints;

/// <summary>Tensors that the config does not ask for.</summary>
public class ExtraTensorTests
{
    [Theory]
    [InlineData(new long[] { }, true)]
    [InlineData(new long[] { 0, 7 }, true)]
    [InlineData(new long[] { 1 }, false)]
    public void Empty_ones_and_single_numbers_are_ignored_with_a_notice(long[] shape, bool ignored)
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config();
        RandomCheckpoint.Write(folder.Path, config, seed: 1);
        string path = folder.File("model.safetensors");
        List<TensorToWrite> tensors;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
            tensors = [.. file.Tensors.Values.Select(t => new TensorToWrite(t.Name, t.Type, t.Shape, file.Bytes(t).ToArray()))];
        tensors.Add(new TensorToWrite("step", TensorType.F32, shape, new byte[TensorSize.Bytes(TensorType.F32, shape)]));
        SafetensorsWriter.Write(path, tensors);

        if (!ignored)
        {
            Assert.Equal("ST-28", Assert.Throws<ParScaleException>(() => Checkpoint.Open(folder.Path)).Code);
            return;
        }
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains("\"step\"", Assert.Single(checkpoint.Notices), StringComparison.Ordinal);
    }
}
