using System.Diagnostics;
using ParScale.Configuration;
using ParScale.Kernels.Machine;

namespace ParScale.Model;

/// <summary>
/// One decoder layer on all rows: an attention block and a feed-forward block on x, which is state.Hidden [R, H]. What a block adds is
/// left in state.Normed, and the norm that comes next adds it. Layer 0 gets the embeddings [T, H] and makes the streams, which
/// differ from its attention on.
/// </summary>
internal static class Layer
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, PassState state, WorkerPool pool)
    {
        switch (layer.Config.Norms)
        {
            case NormPlacement.Before:
                PreNormLayer.Run(config, layer, index, state, pool);
                break;
            case NormPlacement.After:
                PostNormLayer.Run(config, layer, index, state, pool);
                break;
            case NormPlacement.Both:
                SandwichLayer.Run(config, layer, index, state, pool);
                break;
            default:
                throw new UnreachableException($"no such place of norms: {layer.Config.Norms}");
        }
    }
}
