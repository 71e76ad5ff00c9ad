using ParScale.Checkpoints;
using ParScale.Kernels.Formats;

namespace ParScale.Model;

/// <summary>The numbers of a Qwen2 or ParScale model, as <c>config.json</c> gives them, each checked against its range.</summary>
public sealed partial record ModelConfig
{
    /// <summary>The smoothing that the published class uses when <c>parscale_attn_smooth</c> is absent.</summary>
    public const double DefaultAttentionSmoothing = 0.01;

    /// <summary><c>model_type</c>: <c>qwen2_parscale</c> or <c>qwen2</c>.</summary>
    public required string ModelType { get; init; }

    /// <summary>The first of <c>architectures</c>, such as <c>Qwen2ParScaleForCausalLM</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>H, the width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The width of the MLP's gate and up projections.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>L, the number of layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads per layer.</summary>
    public required int AttentionHeads { get; init; }

    /// <summary>Key and value heads per layer; divides <see cref="AttentionHeads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Numbers per head; even, because RoPE turns pairs.</summary>
    public required int HeadSize { get; init; }

    /// <summary>V, the rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The longest sequence the model was made for, in tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>The epsilon under RMSNorm's root.</summary>
    public required double RmsNormEpsilon { get; init; }

    /// <summary>The base of RoPE's frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Whether the LM head is the embedding.</summary>
    public required bool TieWordEmbeddings { get; init; }

    /// <summary>P, the parallel streams; 1 is plain Qwen2.</summary>
    public required int Streams { get; init; }

    /// <summary>Learned slots before each stream's keys and values; 0 when P = 1.</summary>
    public required int PrefixTokens { get; init; }

    /// <summary>eps of w*(1-eps) + eps/P in the aggregation.</summary>
    public required double AttentionSmoothing { get; init; }

    /// <summary>Ids that end a text, from <c>generation_config.json</c> when it has them, else <c>config.json</c>; may be empty.</summary>
    public IReadOnlyList<int> EndOfTextIds { get; init; } = [];

    /// <summary>The id that begins a text, if the model has one.</summary>
    public int? BeginOfTextId { get; init; }

    /// <summary>The element type the config names, such as <c>bfloat16</c>. The tensors' own types are what counts.</summary>
    public string? StoredType { get; init; }

    /// <summary>What the matrices were quantised to by <c>parscale quantize</c>; null when they are floats.</summary>
    public WeightType? QuantizedType { get; init; }

    /// <summary>The folder that holds the plain weights, when this one is an add-on; else null.</summary>
    public BackboneReference? Backbone { get; init; }

    /// <summary>What was ignored while reading, one line each.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>All parameters; a tied head counts once.</summary>
    public long TotalParameters => CoreParameters + PrefixParameters + AggregatorParameters;

    /// <summary>The parameters a plain Qwen2 of this shape has.</summary>
    public long CoreParameters
    {
        get
        {
            long embedding = (long)VocabularySize * HiddenSize;
            long queries = (long)AttentionHeads * HeadSize;
            long keys = (long)KeyValueHeads * HeadSize;
            long attention = (2 * queries * HiddenSize) + queries + (2 * ((keys * HiddenSize) + keys));
            long layer = attention + (3L * IntermediateSize * HiddenSize) + (2L * HiddenSize);
            return (TieWordEmbeddings ? embedding : 2 * embedding) + (layer * LayerCount) + HiddenSize;
        }
    }

    /// <summary>Prefix keys and values of all streams and layers: L * 2 * P * kv_heads * prefix * head_size.</summary>
    public long PrefixParameters => Streams == 1 ? 0 : 2L * LayerCount * Streams * KeyValueHeads * PrefixTokens * HeadSize;

    /// <summary>The aggregation's two linear maps: (P*H*H + H) + (H*P + P); 0 when P = 1.</summary>
    public long AggregatorParameters =>
        Streams == 1 ? 0 : ((long)Streams * HiddenSize * HiddenSize) + HiddenSize + ((long)HiddenSize * Streams) + Streams;

    /// <summary>Reads <c>config.json</c> and, for the ids that end a text, <c>generation_config.json</c>.</summary>
    /// <exception cref="ParScaleException">The folder or file is missing or a value is out of range (CL-03, CF-01 to CF-14).</exception>
    public static ModelConfig Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder))
        {
            string what = File.Exists(folder)
                ? "is a file; give the folder that holds it"
                : "is not there; give a folder in Hugging Face layout";
            throw new ParScaleException(ErrorKind.BadInput, "CL-03", $"model folder {ParScaleException.Quote(folder)} {what}");
        }
        string path = Path.Combine(folder, "config.json");
        if (!Path.Exists(path))
        {
            throw new ParScaleException(ErrorKind.BadInput, "CF-01",
                $"config.json: is not in folder {ParScaleException.Quote(folder)}; give a folder in Hugging Face layout");
        }
        ModelConfig config = Parse(InputFile.Read(path, CheckpointLimits.ConfigBytes, "CF-01", "CF-02", "CF-01"), path);
        string generation = Path.Combine(folder, "generation_config.json");
        if (!Path.Exists(generation)) return config;
        byte[] json = InputFile.Read(generation, CheckpointLimits.ConfigBytes, "CF-01", "CF-02", "CF-01");
        return ModelConfigReader.WithGeneration(config, json, generation);
    }

    /// <summary>Reads the text of a <c>config.json</c>; <paramref name="file"/> is only named in errors.</summary>
    /// <exception cref="ParScaleException">The text is not JSON or a value is out of range (CF-01 to CF-14).</exception>
    public static ModelConfig Parse(ReadOnlySpan<byte> utf8Json, string file) => ModelConfigReader.Read(utf8Json, file);
}
