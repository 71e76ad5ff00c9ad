using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>Whole models: prompts with matrices give the bits of prompts without, and of one token after the other.</summary>
public class MatrixPassTests(TestDevice test) : ModelTest(test)
{
    private const int Vocabulary = 53, Prompt = 70;

    [Theory]
    [InlineData(WeightDtype.Q8, 1)]
    [InlineData(WeightDtype.Q8, 3)]
    [InlineData(WeightDtype.Q4, 1)]
    [InlineData(WeightDtype.Q4, 4)]
    public void A_prompt_with_matrices_gives_the_bits_of_one_without(WeightDtype type, int streams)
    {
        if (Device.Description.Matrices.Count == 0) Assert.Skip("this device has no matrices that products take");
        string folder = Folder("model");
        CheckpointConfig config = RandomCheckpoint.Config(
            streams, hidden: 60, heads: 6, headSize: 14, keyValueHeads: 2, layers: 3, intermediate: 70, vocabulary: Vocabulary, maxPositions: 128);
        RandomCheckpoint.Write(folder, config, seed: 71 + streams, TensorType.F32);
        int[] tokens = Tokens(Prompt, Vocabulary, streams);
        MatrixShape? chosen = Device.Matrices;
        try
        {
            Device.Matrices = null;
            float[][] expected = Read(folder, type, tokens, [Prompt], matrices: false);
            foreach (MatrixShape shape in Device.Description.Matrices)
            {
                Device.Matrices = shape;
                Assert.Equal(expected, Read(folder, type, tokens, [Prompt], matrices: true));
                // In pieces of which some are too small for matrices.
                Assert.Equal(expected, Read(folder, type, tokens, [40, 1, 2, Prompt - 43], matrices: true));
            }
        }
        finally
        {
            Device.Matrices = chosen;
        }
    }

    private float[][] Read(string folder, WeightDtype type, int[] tokens, int[] pieces, bool matrices)
    {
        using LanguageModel model = Load(folder, new LoadOptions { Dtype = type });
        float[][] logits = Logits(model, tokens, pieces);
        Assert.Equal(matrices, Shared.Last!.Recorded.SelectMany(pass => pass.Parts).SelectMany(part => part.Log)
            .Any(command => command.Name.StartsWith("matmul_matrix", StringComparison.Ordinal)));
        CheckRecorded();
        return logits;
    }
}
