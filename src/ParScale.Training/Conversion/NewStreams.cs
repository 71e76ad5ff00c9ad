using System.Text.Json.Serialization;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>Draws the prefixes and the aggregator that turn a plain model into one with P streams.</summary>
internal static class NewStreams
{
    /// <summary>How much of their attention queries may give to new prefixes with <see cref="StreamInit.Keep"/>, on average.</summary>
    public const double PrefixShare = 1e-3;

    /// <summary>The config of the model with streams added.</summary>
    public static CheckpointConfig Configure(CheckpointConfig plain, StreamConfig streams)
    {
        CheckpointConfig named = CheckpointConfig.Create(plain.Model, streams);
        return plain with { ModelType = named.ModelType, Architecture = named.Architecture, Streams = streams };
    }

    /// <summary>
    /// The new tensors, float32, owned by the current dispose scope; and the largest share of attention that the prefix of any head
    /// is left with, if that was looked at.
    /// </summary>
    /// <param name="checkpoint">The plain model.</param>
    /// <param name="config">The model to make.</param>
    /// <param name="init">How.</param>
    /// <param name="seed">Decides all random numbers.</param>
    /// <param name="tokens">A text in the model's tokens for <see cref="StreamInit.Keep"/>; null takes one that the model writes.</param>
    public static (Dictionary<string, Tensor> Tensors, double? Share) Draw(
        Checkpoint checkpoint, CheckpointConfig config, StreamInit init, long seed, int[]? tokens)
    {
        var drawn = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in ModelTensors.Expected(config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name)))
        {
            drawn[name] = zeros(shape);
            InitialWeights.Draw(name, drawn[name], seed);
        }
        if (init == StreamInit.Paper) return (drawn, null);
        // Equal weights, whatever the states are.
        drawn["model.aggregate_layer.2.weight"].zero_();
        double worst = 0;
        using CalibrationText text = CalibrationText.From(tokens ?? OwnText.Sample(checkpoint.Folder, seed), config, seed);
        BackboneWalk.Run(checkpoint, text.Windows, text.Offsets, (layer, queries, logMass, mixed) =>
        {
            string attention = $"model.layers.{layer}.self_attn";
            double share = HidePrefix(drawn[$"{attention}.prefix_k"], drawn[$"{attention}.prefix_v"], queries, logMass, mixed);
            worst = Math.Max(worst, share);
        });
        return (drawn, worst);
    }

    /// <summary>
    /// Moves all keys of a layer's prefix, [P, kv heads, prefix, D], to where few queries look, and its values to the mean of what
    /// those that still look get from the tokens, so that what little they see changes as little as one value can.
    /// </summary>
    private static double HidePrefix(Tensor keys, Tensor values, Tensor queries, Tensor logMass, Tensor mixed)
    {
        double worst = 0;
        (long keyHeads, int slots, long size) = (keys.shape[1], (int)keys.shape[2], keys.shape[3]);
        long group = queries.shape[0] / keyHeads;
        for (long head = 0; head < keyHeads; head++)
        {
            using var scope = NewDisposeScope();
            Tensor Own(Tensor perHead) => perHead.narrow(0, head * group, group).flatten(0, 1);
            (Tensor key, Tensor shares) = LowAttentionKey.Find(Own(queries), Own(logMass), slots, PrefixShare);
            keys.select(1, head).Add(key.to(keys.dtype));
            // The minimum over v of sum m^2 |v - o|^2.
            Tensor weights = shares.Squared() / shares.Squared().sum();
            values.select(1, head).Add(Own(mixed).t().mv(weights.to(mixed.dtype)));
            worst = Math.Max(worst, shares.mean().item<double>());
        }
        return worst;
    }
}

/// <summary>The first values of streams that are added to a plain model.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StreamInit>))]
internal enum StreamInit
{
    /// <summary>All N(0, 0.02) and biases 0, as the paper draws them; the loss jumps and has to be trained down again.</summary>
    [JsonStringEnumMemberName("paper")]
    Paper,

    /// <summary>Prefixes that hardly any query looks at and equal weights for all streams; the model computes what it did.</summary>
    [JsonStringEnumMemberName("keep")]
    Keep,
}
