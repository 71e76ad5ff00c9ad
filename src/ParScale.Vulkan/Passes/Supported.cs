using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Kernels;

namespace ParScale.Vulkan.Passes;

/// <summary>Which models there are shaders for.</summary>
internal static class Supported
{
    /// <summary>Refuses the others.</summary>
    /// <exception cref="ParScaleException">VK-05: it says what there is no shader for.</exception>
    public static void Require(DeviceDescription device, ModelConfig model, StreamConfig streams, KvDtype? kvDtype)
    {
        if (Missing(model, streams, kvDtype) is not { } missing) return;
        throw ParScaleException.Usage("VK-05",
            $"vulkan:{device.Index} cannot run this model ({model.Family}): there are no shaders for {missing}; run it on the CPU (--device cpu)");
    }

    private static string? Missing(ModelConfig model, StreamConfig streams, KvDtype? kvDtype)
    {
        if (kvDtype == KvDtype.Q8) return "keys and values of 8 bits (--kv-dtype q8)";
        if (streams.Anchored) return "anchored streams";
        if (streams.Count > Aggregator.MostStreams) return $"more than {Aggregator.MostStreams} streams";
        if (model.HeadSize > Attention.MostSize) return $"heads of more than {Attention.MostSize} numbers";
        if (model.VocabularySize > MatMul.MostOutputs) return $"more than {MatMul.MostOutputs} tokens in the vocabulary";
        if (model.ResidualMultiplier != 1) return "a factor on what blocks add";
        if (model.Layers.Any(layer => layer.FeedForward.Experts is not null)) return "experts";
        if (model.Layers.Any(layer => layer.Norms == NormPlacement.After)) return "norms only behind the blocks";
        if (model.Layers.Any(layer => layer.Attention.QueryKeyNorm != QueryKeyNorm.None)) return "norms of queries and keys";
        return model.Layers.Any(layer => layer.Attention.Clip is not null) ? "queries and keys that are cut" : null;
    }
}
