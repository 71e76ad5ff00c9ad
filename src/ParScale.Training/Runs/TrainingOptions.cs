using ParScale.Model;

namespace ParScale.Training.Runs;

/// <summary>Everything that decides what a run computes. A resumed run must have the same.</summary>
internal sealed record TrainingOptions
{
    public required string DataSha256 { get; init; }
    public required string TokenizerSha256 { get; init; }
    public required int Streams { get; init; }
    public required int HiddenSize { get; init; }
    public required int IntermediateSize { get; init; }
    public required int Layers { get; init; }
    public required int Heads { get; init; }
    public required int KeyValueHeads { get; init; }
    public required int PrefixTokens { get; init; }
    public required double Smoothing { get; init; }
    public required int Context { get; init; }
    public required int Batch { get; init; }
    public required long Steps { get; init; }
    public required double LearningRate { get; init; }
    public required double MinLearningRate { get; init; }
    public required long Warmup { get; init; }
    public required double WeightDecay { get; init; }
    public required double Beta2 { get; init; }
    public required double Clip { get; init; }
    public required double Dropout { get; init; }
    public required double ValidationFraction { get; init; }
    public required long EvalEvery { get; init; }
    public required long SaveEvery { get; init; }
    public required long Seed { get; init; }
    public required int Threads { get; init; }
    public required string Compute { get; init; }
    public required string SaveType { get; init; }

    /// <summary>The model that these options describe.</summary>
    public ModelConfig ModelConfig(int vocabularySize, int? endOfText) => new()
    {
        ModelType = Streams > 1 ? "qwen2_parscale" : "qwen2",
        Architecture = Streams > 1 ? "Qwen2ParScaleForCausalLM" : "Qwen2ForCausalLM",
        HiddenSize = HiddenSize,
        IntermediateSize = IntermediateSize,
        LayerCount = Layers,
        AttentionHeads = Heads,
        KeyValueHeads = KeyValueHeads,
        HeadSize = HiddenSize / Heads,
        VocabularySize = vocabularySize,
        MaxPositions = Context,
        RmsNormEpsilon = 1e-6,
        RopeTheta = 10000,
        TieWordEmbeddings = true,
        Streams = Streams,
        PrefixTokens = Streams > 1 ? PrefixTokens : 0,
        AttentionSmoothing = Smoothing,
        EndOfTextIds = endOfText is { } id ? [id] : [],
        BeginOfTextId = endOfText,
        StoredType = SaveType == "bf16" ? "bfloat16" : "float32",
    };

    /// <summary>Refuses values that make no model or no run, naming the flag.</summary>
    /// <exception cref="ParScaleException">A value is out of range (<see cref="ErrorKind.Usage"/>).</exception>
    public void Validate()
    {
        Require(Streams is >= 1 and <= 64, "--streams must be 1 to 64");
        Require(HiddenSize is >= 2 and <= 65536, "--hidden must be 2 to 65536");
        Require(IntermediateSize is >= 1 and <= 1 << 20, "--intermediate must be 1 to 1048576");
        Require(Layers is >= 1 and <= 1024, "--layers must be 1 to 1024");
        Require(Heads >= 1 && HiddenSize % Heads == 0, "--heads must divide --hidden");
        Require(HiddenSize / Heads % 2 == 0, "--hidden / --heads must be even: rotary positions turn pairs");
        Require(KeyValueHeads >= 1 && Heads % KeyValueHeads == 0, "--kv-heads must divide --heads");
        Require(PrefixTokens is >= 1 and <= 4096, "--prefix-tokens must be 1 to 4096");
        Require(Smoothing is >= 0 and <= 1, "--smooth must be 0 to 1");
        Require(Context is >= 1 and <= 1 << 20, "--context must be 1 to 1048576");
        Require(Batch is >= 1 and <= 1 << 16, "--batch must be 1 to 65536");
        Require((long)Batch * Context <= 1 << 24, "--batch times --context must be at most 16777216 tokens");
        Require(Steps >= 1, "--steps must be 1 or more");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), "--lr must be above 0");
        Require(MinLearningRate >= 0 && MinLearningRate <= LearningRate, "--min-lr must be 0 to --lr");
        Require(Warmup >= 0 && Warmup <= Steps, "--warmup must be 0 to --steps");
        Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), "--weight-decay must be 0 or more");
        Require(Beta2 is >= 0 and < 1, "--beta2 must be 0 or more and below 1");
        Require(Clip > 0, "--clip must be above 0");
        Require(Dropout is >= 0 and < 1, "--dropout must be 0 or more and below 1");
        Require(ValidationFraction is > 0 and < 1, "--val-fraction must be above 0 and below 1");
        Require(EvalEvery >= 1, "--eval-every must be 1 or more");
        Require(SaveEvery >= 1, "--save-every must be 1 or more");
        Require(Threads is >= 1 and <= 1024, "--threads must be 1 to 1024");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw ParScaleException.Usage("TR-10", message);
    }
}
