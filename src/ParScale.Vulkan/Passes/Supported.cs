using ParScale.Configuration;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Kernels;

namespace ParScale.Vulkan.Passes;

/// <summary>Which models the shaders have room for: all but the widest.</summary>
internal static class Supported
{
    /// <summary>Refuses the others.</summary>
    /// <exception cref="ParScaleException">VK-05: it says what there is no room for.</exception>
    public static void Require(DeviceDescription device, ModelConfig model)
    {
        if (Missing(model) is not { } missing) return;
        throw ParScaleException.Usage("VK-05",
            $"vulkan:{device.Index} cannot run this model ({model.Family}): the shaders have no room for {missing}; run it on the CPU (--device cpu)");
    }

    private static string? Missing(ModelConfig model)
    {
        if (model.HeadSize > Attention.MostSize) return $"heads of more than {Attention.MostSize} numbers";
        if (model.VocabularySize > MatMul.MostOutputs) return $"more than {MatMul.MostOutputs} tokens in the vocabulary";
        if ((model.AttentionHeads + 2L * model.KeyValueHeads) * model.HeadSize > MatMul.MostOutputs - 64)
            return $"queries, keys and values of more than {MatMul.MostOutputs - 64} numbers together";
        foreach (FeedForwardConfig block in model.Layers.Select(layer => layer.FeedForward))
        {
            if (Math.Max(block.Width, block.Experts?.SharedWidth ?? 0) > MatMul.MostOutputs / 2 - 32)
                return $"feed-forward blocks wider than {MatMul.MostOutputs / 2 - 32}";
            if (block.Experts is not { } experts) continue;
            if (experts.Count > Routes.MostExperts) return $"more than {Routes.MostExperts} experts in a layer";
            if (experts.Chosen > Routes.MostChosen) return $"more than {Routes.MostChosen} experts for each token";
        }
        return null;
    }
}
