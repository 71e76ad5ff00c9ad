using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;

namespace ParScale.Tests.Checkpoints;

public class MemoryCheckTests
{
    [Theory]
    [InlineData(TensorType.F32, null, 4)]
    [InlineData(TensorType.F32, WeightDtype.F32, 4)]
    [InlineData(TensorType.F32, WeightDtype.Bf16, 2)]
    [InlineData(TensorType.BF16, null, 2)]
    [InlineData(TensorType.BF16, WeightDtype.F32, 4)]
    [InlineData(TensorType.F16, null, 4)]
    [InlineData(TensorType.F16, WeightDtype.Bf16, 2)]
    public void Matrices_count_in_the_type_that_is_computed_with_and_the_rest_as_f32(TensorType stored, WeightDtype? type, int bytes)
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config();
        RandomCheckpoint.Write(folder.Path, config, seed: 1, stored);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        foreach (CheckpointConfig run in (CheckpointConfig[])[config, config.WithStreams(1)])
        {
            long Values(bool matrices) => ModelTensors.Expected(run).Where(tensor => tensor.Shape.Length == 2 == matrices)
                .Sum(tensor => tensor.Shape.Aggregate(1L, (product, axis) => product * axis));
            Assert.Equal(bytes * Values(matrices: true) + 4 * Values(matrices: false), MemoryCheck.ResidentBytes(run, checkpoint, type));
        }
    }

    [Fact]
    public void Levels_count_with_their_scales_and_q4_keeps_the_embedding_in_q8()
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config(streams: 1, hidden: 256, heads: 8, keyValueHeads: 2, layers: 1, intermediate: 512, vocabulary: 512);
        RandomCheckpoint.Write(folder.Path, config, seed: 1);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        long embedding = 512 * 256, layer = (2 * 256 * 256) + (2 * 64 * 256) + (3 * 512 * 256), rest = 4 * (config.Parameters - embedding - layer);
        // A bfloat16 scale for 128 values of 1 byte, and for 64 values of half a byte.
        long Q8(long values) => values + (values / 128 * 2);
        long Q4(long values) => (values / 2) + (values / 64 * 2);
        Assert.Equal(Q8(embedding + layer) + rest, MemoryCheck.ResidentBytes(config, checkpoint, WeightDtype.Q8));
        Assert.Equal(Q8(embedding) + Q4(layer) + rest, MemoryCheck.ResidentBytes(config, checkpoint, WeightDtype.Q4));
    }

    [Theory]
    [InlineData(null, 4, true)]
    [InlineData(WeightDtype.Bf16, 2, false)]
    public void CF06_bf16_is_advised_where_it_would_fit(WeightDtype? type, int bytes, bool advised)
    {
        CheckpointConfig config = RandomCheckpoint.Config();
        long needed = config.Parameters * bytes;
        MemoryCheck.Require(config, type, needed, needed);
        ParScaleException error = BadInput.Expect(
            ErrorKind.NotEnoughMemory, "CF-06", () => MemoryCheck.Require(config, type, needed, needed - 1), 1 << 20, "config.json", "GiB");
        Assert.Equal(advised, error.Message.Contains("bf16", StringComparison.Ordinal));
    }
}
