using ParScale.Checkpoints.Safetensors;
using ParScale.Training.Checkpointing;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Checkpointing;

public sealed class TensorBytesTests
{
    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F16)]
    public void Tensors_move_in_pieces_of_any_size(TensorType type)
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        // Numbers that each type holds exactly, in a tensor that does not lie in order.
        Tensor tensor = arange(-8, 16, float32).reshape(4, 6).t();
        foreach (int most in (int[])[1, 5, 24, 100])
        {
            string file = folder.File($"{most}.safetensors");
            SafetensorsWriter.Write(file, [TensorBytes.Write("a", tensor, type, most), TensorBytes.Write("b", [10], [tensor[0], tensor[1, ..2], tensor[2]], type, most)], null);
            using var stored = SafetensorsFile.Open(file);
            foreach (int piece in (int[])[1, 7, 24])
            {
                Assert.Equal(Numbers(tensor), Numbers(TensorBytes.Read(stored, stored.Tensors["a"], piece)));
                Assert.Equal(Numbers(cat([tensor[0], tensor[1, ..2], tensor[2]])), Numbers(TensorBytes.Read(stored, stored.Tensors["b"], piece)));
            }
        }
    }

    private static float[] Numbers(Tensor tensor) => tensor.contiguous().data<float>().ToArray();
}
