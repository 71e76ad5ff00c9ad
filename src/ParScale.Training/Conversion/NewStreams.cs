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
    /// <param name="tokens">A text in the model's tokens for any but <see cref="StreamInit.Paper"/>; null takes one that the model writes.</param>
    /// <param name="prefixes">How <see cref="StreamInit.Paper"/> draws prefixes.</param>
    /// <exception cref="ParScaleException">The text is shorter than a prefix (TR-25).</exception>
    public static (Dictionary<string, Tensor> Tensors, double? Share) Draw(
        Checkpoint checkpoint, CheckpointConfig config, StreamInit init, long seed, int[]? tokens, PrefixStart prefixes)
    {
        var drawn = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in ModelTensors.Expected(config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name)))
        {
            drawn[name] = zeros(shape);
            InitialWeights.Draw(name, drawn[name], seed, init == StreamInit.Paper ? prefixes : null);
        }
        if (init == StreamInit.Paper) return (drawn, null);
        // Equal weights, whatever the states are.
        drawn["model.aggregate_layer.2.weight"].zero_();
        tokens ??= OwnText.Sample(checkpoint.Folder, seed);
        var plain = PlainWeights.Of(checkpoint);
        if (init == StreamInit.Text)
        {
            foreach ((string name, Tensor value) in TextPrefixes.Of(plain, config.Streams.Prefixes, config.Streams.PrefixTokens, tokens, seed)) drawn[name] = value;
            return (drawn, null);
        }
        double worst = 0;
        using CalibrationText text = CalibrationText.From(tokens, config, seed);
        BackboneWalk.Run(plain, text.Windows, text.Offsets, (layer, queries, logMass, mixed) =>
        {
            string attention = $"model.layers.{layer}.self_attn";
            double? cap = config.Model.Layers[layer].Attention.SoftCap;
            double share = HidePrefix(drawn[$"{attention}.prefix_k"], drawn[$"{attention}.prefix_v"], queries, logMass, mixed, cap);
            worst = Math.Max(worst, share);
        });
        return (drawn, worst);
    }

    /// <summary>
    /// Moves all keys of a layer's prefix, [P, kv heads, prefix, D], to where few queries look, and its values to those of
    /// <see cref="LowAttentionKey.WithValue"/>.
    /// </summary>
    private static double HidePrefix(Tensor keys, Tensor values, Tensor queries, Tensor logMass, Tensor mixed, double? cap)
    {
        using var scope = NewDisposeScope();
        (Tensor key, Tensor value, double share) = LowAttentionKey.WithValue(
            queries, logMass, mixed, (int)keys.shape[1], (int)keys.shape[2], PrefixShare, cap);
        keys.Add(key.to(keys.dtype).unsqueeze(1));
        values.Add(value.to(values.dtype).unsqueeze(1));
        return share;
    }
}

/// <summary>The first values of streams that are added to a plain model.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StreamInit>))]
internal enum StreamInit
{
    /// <summary>All N(0, 0.02), prefixes of any deviation, and biases 0, as the paper draws them; the loss jumps and has to be trained down again.</summary>
    [JsonStringEnumMemberName("paper")]
    Paper,

    /// <summary>Prefixes that hardly any query looks at and equal weights for all streams; the model computes what it did.</summary>
    [JsonStringEnumMemberName("keep")]
    Keep,

    /// <summary>Prefixes that are keys and values of a text, another for each stream; equal weights for all streams that are added.</summary>
    [JsonStringEnumMemberName("text")]
    Text,
}
