using ParScale.Kernels.Formats;
using ParScale.Text.Chat;

namespace ParScale;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// P that requests run with when they do not choose. Null takes what the checkpoint has; 1 leaves its streams out and runs the
    /// backbone alone. An elastic checkpoint keeps all its numbers of streams resident.
    /// </summary>
    public int? Streams { get; init; }

    /// <summary>
    /// Folders whose streams are made resident too, as <see cref="LanguageModel.AddStreams"/> does. <see cref="Streams"/> then chooses among
    /// these and the model's own.
    /// </summary>
    public IReadOnlyList<string> AddedStreams { get; init; } = [];

    /// <summary>
    /// When all streams of an anchored or elastic model run for requests that do not choose (<see cref="LanguageModel.DefaultOptions"/>). Null:
    /// always.
    /// </summary>
    public Generation.StreamGate? Gate { get; init; }

    /// <summary>
    /// What computes: the CPU, or a device of another package. One that cannot run the model, or has no memory for it, is refused when loading.
    /// </summary>
    public ComputeDevice Device { get; init; } = ComputeDevice.Cpu;

    /// <summary>Storage of the weights. Null keeps them as stored.</summary>
    public WeightDtype? Dtype { get; init; }

    /// <summary>
    /// Whether q8 or q4 weights that are made of floats are kept in the store for the next start, which then maps them. Null keeps those of
    /// models that are loaded by their name on the hub.
    /// </summary>
    public bool? KeepQuantized { get; init; }

    /// <summary>Storage of keys and values of past tokens. Null takes f32 for f32 and bf16 weights and bf16 for others.</summary>
    public KvDtype? KvDtype { get; init; }

    /// <summary>
    /// Bytes of keys and values that all sequences together may reserve. A request waits until there is room for it. Null takes three
    /// quarters of the memory that the weights leave.
    /// </summary>
    public long? KvMemory { get; init; }

    /// <summary>
    /// Holds the keys and values of finished generations, in at most a quarter of <see cref="KvMemory"/>, so that a later prompt that
    /// begins as one of them does not read that part again. The text stays the same.
    /// </summary>
    public bool ReusePrefixes { get; init; } = true;

    /// <summary>Refuses a checkpoint with NaN or infinite weights instead of noting them.</summary>
    public bool StrictWeights { get; init; }

    /// <summary>
    /// Takes the defaults of a generation from the folder's <c>generation_config.json</c>. Off, the built-in ones hold; the ids that end a
    /// text are read from it all the same.
    /// </summary>
    public bool UseGenerationConfig { get; init; } = true;

    /// <summary>Writes conversations as this template does. Null takes the folder's own.</summary>
    public ChatTemplate? ChatTemplate { get; init; }

    /// <summary>Threads to compute with, 1 to 1024. Null takes all cores.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Instructions for q8 and q4 weights: <c>avx512-vnni</c>, <c>avx-vnni</c>, <c>avx2</c>, <c>avx-vnni-intrinsics</c>,
    /// <c>avx2-intrinsics</c>, <c>dp</c>, <c>i8mm</c> or <c>portable</c>; from then on for all models of the process. Null leaves what
    /// <c>PARSCALE_TIER</c> says, or the best that was measured on such machines; <c>i8mm</c> runs only when named. All give the same bits.
    /// </summary>
    public string? Tier { get; init; }

    /// <summary>P of the model's own streams that is asked for; null for all it has.</summary>
    internal int? OwnStreams => AddedStreams.Count == 0 ? Streams : null;
}
