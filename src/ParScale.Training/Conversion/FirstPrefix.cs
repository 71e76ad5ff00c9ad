using ParScale.Configuration;
using ParScale.Training.Distributed;
using ParScale.Training.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>
/// What stands in the prefix of stream 0 when an elastic model with P' = 1 is saved. In training that stream does not see its prefix; the
/// saved model must have one, so all its slots get a key that hardly any query looks at, and the value that does least harm. It is a
/// function of the backbone alone, and nothing that is trained.
/// </summary>
internal sealed class FirstPrefix(int[] text, CheckpointConfig config, long seed) : IDisposable
{
    /// <summary>How much of their attention queries may give to it, on average: a thousandth of what new streams start from.</summary>
    public const double Share = 1e-6;

    private readonly CalibrationText _text = CalibrationText.From(text, config, seed);

    /// <summary>Puts it into <paramref name="model"/>; all processes take that of the first. Returns the largest mean share of any head.</summary>
    public double Write(ParScaleLm model, ProcessGroup group)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Dictionary<string, Parameter> parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        double worst = 0;
        BackboneWalk.Run(PlainWeights.Of(model), _text.Windows, _text.Offsets, (layer, queries, logMass, mixed) =>
        {
            (Tensor keys, Tensor values) = model.Prefix(layer) ?? throw new InvalidOperationException("a model without streams has no prefix");
            (Tensor key, Tensor value, double share) = LowAttentionKey.WithValue(
                queries, logMass, mixed, model.Config.Model.KeyValueHeads, (int)keys.shape[2], Share, model.Config.Model.Layers[layer].Attention.SoftCap);
            Put(parameters[$"model.layers.{layer}.self_attn.prefix_k"], keys, key);
            Put(parameters[$"model.layers.{layer}.self_attn.prefix_v"], values, value);
            worst = Math.Max(worst, share);
        });
        foreach ((string name, Parameter parameter) in parameters)
            if (Checkpoints.ModelTensors.IsPrefix(name)) group.FromFirst(parameter);
        return worst;
    }

    public void Dispose() => _text.Dispose();

    /// <summary>
    /// Makes the prefix that stream 0 sees, <paramref name="seen"/>[0], the vectors [kv heads, D] in every slot: the parameter is what is
    /// left of them when a prefix MLP has added its part.
    /// </summary>
    private static void Put(Parameter parameter, Tensor seen, Tensor vectors)
    {
        Tensor added = seen.select(0, 0) - parameter.select(0, 0);
        Tensor wanted = vectors.to(parameter.dtype).to(parameter.device).unsqueeze(1);
        parameter.select(0, 0).copy_(wanted - added);
    }
}
