using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Model;
using ParScale.Training.Checkpointing;
using ParScale.Training.Modules;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>The plain model in a checkpoint or in a model that is trained, one layer at a time, in main memory and float32.</summary>
internal sealed class PlainWeights
{
    private readonly Func<string, Tensor> _read;
    private readonly Func<Tensor, Tensor> _embed;

    private PlainWeights(CheckpointConfig config, Func<string, Tensor> read, Func<Tensor, Tensor> embed) =>
        (Config, _read, _embed) = (config.WithStreams(1), read, embed);

    /// <summary>The config of the plain model.</summary>
    public CheckpointConfig Config { get; }

    /// <summary>Those of a checkpoint, whose streams are left out. Of a large vocabulary only rows that are needed are read.</summary>
    public static PlainWeights Of(Checkpoint checkpoint)
    {
        Tensor Read(string name)
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
            return TensorBytes.Read(file, info);
        }
        Tensor Embed(Tensor tokens)
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(ModelTensors.EmbeddingName);
            return TensorBytes.ReadRows(file, info, tokens.data<long>().ToArray());
        }
        return new PlainWeights(ModelFolder.ConfigOf(checkpoint), Read, Embed);
    }

    /// <summary>Those that <paramref name="model"/> has now.</summary>
    public static PlainWeights Of(ParScaleLm model)
    {
        Dictionary<string, Parameter> parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        Tensor Read(string name) => parameters[name].detach().cpu().to(ScalarType.Float32);
        Tensor Embed(Tensor tokens)
        {
            Tensor table = parameters[ModelTensors.EmbeddingName].detach();
            return table.index_select(0, tokens.flatten().to(table.device)).cpu().to(ScalarType.Float32);
        }
        return new PlainWeights(model.Config, Read, Embed);
    }

    /// <summary>What the first layer gets of tokens [B, S]: [B, S, H].</summary>
    public Tensor Embed(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        // Held: TorchSharp frees a number that nothing refers to any more, even during the call that reads it.
        using Scalar scale = EmbeddingScale.Of(Config);
        return (_embed(tokens) * scale).view(tokens.shape[0], tokens.shape[1], -1).MoveToOuterDisposeScope();
    }

    /// <summary>A layer, which the caller disposes of.</summary>
    public DecoderLayer Layer(int index)
    {
        var layer = new DecoderLayer(Config, index, ScalarType.Float32);
        foreach ((string name, Parameter parameter) in layer.named_parameters())
        {
            using var scope = NewDisposeScope();
            parameter.copy_(_read($"model.layers.{index}.{name}"));
        }
        return layer;
    }
}
