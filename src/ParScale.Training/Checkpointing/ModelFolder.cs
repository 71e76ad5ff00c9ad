using System.Text;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Training.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Checkpointing;

/// <summary>The model as a folder in Hugging Face layout.</summary>
internal static class ModelFolder
{
    private const string Generation = "generation_config.json";

    /// <summary>Loads config and weights. The weights become float32 whatever the file stores.</summary>
    public static ParScaleLm Load(string folder, ScalarType compute = ScalarType.Float32)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        var model = new ParScaleLm(ConfigOf(checkpoint), compute: compute);
        LoadWeights(model, checkpoint);
        return model;
    }

    /// <summary>Overwrites the weights of <paramref name="model"/> by those of a folder with the same shape.</summary>
    public static void LoadWeights(ParScaleLm model, string folder)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        LoadWeights(model, checkpoint);
    }

    /// <summary>A checkpoint's config with the type that its weights have, whatever the file says.</summary>
    public static CheckpointConfig ConfigOf(Checkpoint checkpoint) =>
        checkpoint.Config with { StoredType = checkpoint.Get(ModelTensors.EmbeddingName).Info.Type.ConfigName() };

    private static void LoadWeights(ParScaleLm model, Checkpoint checkpoint)
    {
        using var noGradient = no_grad();
        foreach ((string name, Parameter parameter) in model.named_parameters().Where(p => !PrefixMlp.Owns(p.name)))
        {
            Copy(checkpoint, name, parameter);
        }
    }

    /// <summary>Overwrites one tensor by that of the same name.</summary>
    /// <exception cref="ParScaleException">It has another shape (ST-28).</exception>
    public static void Copy(Checkpoint checkpoint, string name, Tensor target)
    {
        using var scope = NewDisposeScope();
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
        // A copy would repeat a smaller tensor to fill a larger one.
        if (!info.Shape.AsSpan().SequenceEqual(target.shape))
        {
            throw ParScaleException.BadInput("ST-28", file.Path, $"tensor {ParScaleException.Quote(name)}: expected shape [{string.Join(", ", target.shape)}], "
                + $"found [{string.Join(", ", info.Shape)}]; it is of another model");
        }
        target.copy_(TensorBytes.Read(file, info));
    }

    /// <summary>
    /// Writes config, weights and the tokenizer's files into <paramref name="folder"/>. With a <paramref name="backbone"/> the folder is
    /// an add-on to it: only prefixes and aggregator are written. <paramref name="metadata"/> goes into the file of the weights. From the
    /// folder <paramref name="parent"/>, if the model was made from one, come the keys of its config, how it generates and its licence; its
    /// chat template too, as long as the tokenizer is the same.
    /// </summary>
    public static void Save(
        ParScaleLm model, string folder, TensorType type, string tokenizerFolder, BackboneReference? backbone = null,
        IReadOnlyDictionary<string, string>? metadata = null, string? parent = null)
    {
        Directory.CreateDirectory(folder);
        CheckpointConfig config = model.Config with
        {
            StoredType = type.ConfigName(),
            Backbone = backbone?.From(folder),
        };
        bool inherits = parent is not null && File.Exists(Path.Combine(parent, ConfigFile.Name));
        DurableFile.WriteText(Path.Combine(folder, ConfigFile.Name), inherits ? ConfigFile.Rewrite(parent!, config) : config.ToJson());
        if (parent is not null) CompanionFiles.CopyModel(parent, folder);
        if (parent is not null && HaveOneTokenizer(parent, tokenizerFolder)) CompanionFiles.CopyTokenizer(parent, folder);
        CompanionFiles.CopyTokenizer(tokenizerFolder, folder);
        if (!File.Exists(Path.Combine(folder, Generation))) DurableFile.WriteText(Path.Combine(folder, Generation), GenerationConfig(config));
        using var scope = NewDisposeScope();
        TensorToWrite[] tensors =
        [
            .. model.CheckpointTensors().Where(t => backbone is null || ModelTensors.IsOfStreams(t.Stored.Name))
                .Select(t => TensorBytes.Write(t.Stored.Name, t.Stored.Shape, t.Parts, type)),
        ];
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors, metadata);
    }

    private static bool HaveOneTokenizer(string left, string right)
    {
        string[] files = [Path.Combine(left, "tokenizer.json"), Path.Combine(right, "tokenizer.json")];
        return files.All(File.Exists) && File.ReadAllBytes(files[0]).AsSpan().SequenceEqual(File.ReadAllBytes(files[1]));
    }

    private static string GenerationConfig(CheckpointConfig config)
    {
        const string EndOfText = "eos_token_id";
        using JsonDocument own = JsonDocument.Parse(config.ToJson());
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteBoolean("do_sample", true);
            if (own.RootElement.TryGetProperty(EndOfText, out JsonElement ids))
            {
                json.WritePropertyName(EndOfText);
                ids.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }
}
