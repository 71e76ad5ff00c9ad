using ParScale.Checkpoints;
using ParScale.Configuration.Families;
using ParScale.Files;
using ParScale.Kernels.Formats;

namespace ParScale.Configuration;

/// <summary>
/// The <c>config.json</c> of a folder: a plain decoder, the streams that the folder adds to it, and how its tensors are stored.
/// </summary>
public sealed record CheckpointConfig
{
    /// <summary>
    /// <c>model_type</c>: the family's, such as <c>qwen2</c>, that with streams, such as <c>qwen2_parscale</c>, or that with an anchor
    /// and helpers, such as <c>qwen2_parscale_anchored</c>, which loaders that do not know it refuse.
    /// </summary>
    public required string ModelType { get; init; }

    /// <summary>The first of <c>architectures</c>, such as <c>Qwen2ParScaleForCausalLM</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The plain decoder.</summary>
    public required ModelConfig Model { get; init; }

    /// <summary>Its streams; <see cref="StreamConfig.Plain"/> for a plain model.</summary>
    public required StreamConfig Streams { get; init; }

    /// <summary>The element type the config names, such as <c>bfloat16</c>. The tensors' own types are what counts.</summary>
    public string? StoredType { get; init; }

    /// <summary>What the matrices were quantised to by <c>parscale quantize</c>; null when they are floats.</summary>
    public WeightDtype? QuantizedType { get; init; }

    /// <summary>The folder that holds the plain weights, when this one is an add-on; else null.</summary>
    public BackboneReference? Backbone { get; init; }

    /// <summary>The sample of the float backbone (see <see cref="BackboneHash"/>) that a quantised folder was made from; null when it does not tell.</summary>
    public string? QuantizedFrom { get; init; }

    /// <summary>How the folder's <c>generation_config.json</c> asks for tokens to be chosen.</summary>
    public GenerationConfig Generation { get; init; } = GenerationConfig.None;

    /// <summary>What was ignored while reading, one line each.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>All parameters, streams included; a tied head counts once.</summary>
    public long Parameters => ParameterCounts.Of(this).Total;

    /// <summary>A config of the model's family for a decoder with any P.</summary>
    public static CheckpointConfig Create(ModelConfig model, StreamConfig streams)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(streams);
        Family family = FamilyList.OfPlain(model.Family);
        (string type, string architecture) = streams.Count == 1 ? (family.PlainType, family.PlainClass)
            : streams.Anchored ? (family.AnchoredType, family.AnchoredClass) : (family.StreamType, family.StreamClass);
        return new CheckpointConfig
        {
            ModelType = type,
            Architecture = architecture,
            Model = model,
            Streams = streams,
        };
    }

    /// <summary>The same run with another number of streams: its own, one that it was trained for as well, or 1 for the plain backbone.</summary>
    /// <exception cref="ParScaleException">The checkpoint has no prefixes and aggregator for that many (CL-09).</exception>
    public CheckpointConfig WithStreams(int? streams)
    {
        if (streams is null || streams == Streams.Count) return this;
        if (streams == 1) return this with { Streams = StreamConfig.Plain };
        if (Streams.Elastic.Contains(streams.Value))
            return this with { Streams = Streams with { Count = streams.Value, Elastic = [.. Streams.Elastic.Where(count => count <= streams)] } };
        int[] own = [.. Streams.Elastic.Append(Streams.Count).Distinct()];
        string choice = Streams.Count == 1 ? "only 1" : string.Join(", ", own) + (own.Contains(1) ? "" : ", or 1 for the backbone alone");
        throw ParScaleException.Usage("CL-09", $"this checkpoint cannot run {streams} streams; it was trained for {choice}");
    }

    /// <summary>A <c>config.json</c> that this library and Transformers read back as the same model.</summary>
    public string ToJson() => ConfigWriter.Write(this);

    /// <summary>Reads <c>config.json</c> and, for the ids that end a text and the sampling settings, <c>generation_config.json</c>.</summary>
    /// <exception cref="ParScaleException">The folder or file is missing or a value is out of range (CL-03, CF-01 to CF-15).</exception>
    public static CheckpointConfig Load(string folder) => Load(folder, Faults.Thrown)!;

    /// <summary>The same; null where faults are kept and there is no description of a model to read.</summary>
    internal static CheckpointConfig? Load(string folder, Faults faults)
    {
        ArgumentNullException.ThrowIfNull(folder);
        folder = SystemPath.WithoutDots(folder);
        if (!Directory.Exists(folder))
        {
            string what = File.Exists(folder) && new FileInfo(folder).LinkTarget is null ? "is a file; give the folder that holds it"
                : InputFile.IsThere(folder, "CL-03") ? "is a link that leads to no folder; link it to a folder in Hugging Face layout"
                : "is not there; give a folder in Hugging Face layout";
            throw new ParScaleException(ErrorKind.BadInput, "CL-03", $"model folder {ParScaleException.Quote(folder)} {what}");
        }
        string path = Path.Combine(folder, "config.json");
        if (!InputFile.IsThere(path, "CF-01"))
        {
            throw new ParScaleException(ErrorKind.BadInput, "CF-01",
                $"config.json: is not in folder {ParScaleException.Quote(folder)}; give a folder in Hugging Face layout");
        }
        CheckpointConfig? config = ConfigReader.Read(InputFile.Read(path, CheckpointLimits.ConfigBytes, "CF-01", "CF-02", "CF-01"), path, faults);
        string generation = Path.Combine(folder, "generation_config.json");
        if (config is null || !Path.Exists(generation)) return config;
        return faults.Try(() =>
        {
            byte[] json = InputFile.Read(generation, CheckpointLimits.ConfigBytes, "CF-01", "CF-02", "CF-01");
            return ConfigReader.WithGeneration(config, json, generation, faults);
        }, config);
    }

    /// <summary>Reads the text of a <c>config.json</c>; <paramref name="file"/> is only named in errors.</summary>
    /// <exception cref="ParScaleException">The text is not JSON or a value is out of range (CF-01 to CF-15).</exception>
    public static CheckpointConfig Parse(ReadOnlySpan<byte> utf8Json, string file) => ConfigReader.Read(utf8Json, file);
}
