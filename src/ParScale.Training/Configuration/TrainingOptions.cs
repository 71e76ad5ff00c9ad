using System.Text;
using System.Text.Json.Serialization;
using ParScale.Configuration;
using ParScale.Training.Conversion;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Runtime;

namespace ParScale.Training.Configuration;

/// <summary>Everything that decides what a run computes. A resumed run must have the same.</summary>
internal sealed record TrainingOptions
{
    /// <summary>Most updates: times the tokens of the largest step, this still fits 63 bits.</summary>
    public const long MostSteps = 100_000_000_000;

    /// <summary>Weight of the divergence in an elastic run when nobody gives one.</summary>
    public const double DefaultDivergence = 0.1;
    public const double DefaultDecayFraction = 0.2;

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
    public required NumberType Compute { get; init; }
    public required NumberType SaveType { get; init; }

    /// <summary>The hash of the model that the run started from (<see cref="Inputs.StartingPoint.Hash"/>); null from scratch.</summary>
    public string? From { get; init; }

    /// <summary>The first values of streams that were added to that model; null when none were.</summary>
    public StreamInit? Init { get; init; }

    /// <summary>What is trained.</summary>
    public TrainedSet Train { get; init; }

    /// <summary>Width of the MLP that stands for the prefixes while they train; 0 for none.</summary>
    public int PrefixMlp { get; init; }

    /// <summary>Standard deviation of weights that are drawn, prefixes apart.</summary>
    public double WeightDeviation { get; init; } = InitialWeights.Deviation;

    /// <summary>Standard deviation of prefixes that are drawn.</summary>
    public double PrefixDeviation { get; init; } = InitialWeights.Deviation;

    /// <summary>The last matrix of the prefix MLP at the start.</summary>
    public MlpStart PrefixMlpStart { get; init; }

    /// <summary>Factor on the learning rate of prefixes and prefix MLPs.</summary>
    public double PrefixRate { get; init; } = 1;

    /// <summary>Factor on the learning rate of the aggregator.</summary>
    public double AggregatorRate { get; init; } = 1;

    /// <summary>Weight of the mean loss of the streams, each decoded alone.</summary>
    public double StreamLoss { get; init; }

    /// <summary>Probability that a stream is left out of a row's mixture in training.</summary>
    public double StreamDrop { get; init; }

    /// <summary>Whether stream 0 is an anchor and the others its helpers.</summary>
    public bool Anchored { get; init; }

    /// <summary>The numbers of streams that one run trains, such as <c>1,2,4</c>; null for P alone (<see cref="ElasticStreams"/>).</summary>
    public string? Elastic { get; init; }

    /// <summary>The weights of the losses of <see cref="Elastic"/>; null for equal ones.</summary>
    public string? ElasticWeights { get; init; }

    /// <summary>Weight of the divergence of the smaller mixtures from the whole one.</summary>
    public double ElasticDivergence { get; init; } = DefaultDivergence;

    /// <summary>Weight of the penalty on streams that point the same way (<see cref="Modules.StreamSimilarity.Penalty"/>).</summary>
    public double Decorrelate { get; init; }

    /// <summary>Parts that the rows of a step are taken in, one after the other: memory is that of one part.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>What the learning rate does after its warm-up.</summary>
    public Schedule Schedule { get; init; }

    /// <summary>Share of all steps at the end in which <see cref="Optimization.Schedule.Wsd"/> comes down.</summary>
    public double DecayFraction { get; init; } = DefaultDecayFraction;

    /// <summary>AdamW's first beta.</summary>
    public double Beta1 { get; init; } = AdamW.DefaultBeta1;

    /// <summary>What AdamW adds to the root of the second moment.</summary>
    public double Epsilon { get; init; } = AdamW.DefaultEpsilon;

    /// <summary>Steps in a row without a finite gradient that end the run.</summary>
    public int MaxSkipped { get; init; } = 10;

    /// <summary>Whether the backward pass computes each layer a second time, so that only one layer's intermediate values are held.</summary>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>Where the run computes.</summary>
    public DeviceChoice Device { get; init; }

    /// <summary>Processes that share the rows of a step; another number of them computes the same but for rounding.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>E of the scaling law, in nats per token, for the rho of the log.</summary>
    public double IrreducibleLoss { get; init; }

    /// <summary>Whether stream 0 must not see its prefix while it trains, to be the plain model: one of the numbers of streams is 1. An anchor has none.</summary>
    internal bool HidesFirstPrefix => !Anchored && ElasticStreams.Of(Elastic).Contains(1);

    /// <summary>How new prefixes are drawn.</summary>
    internal PrefixStart Prefixes => new(PrefixDeviation, PrefixMlpStart == MlpStart.Random);

    /// <summary>The numbers of P streams.</summary>
    internal StreamConfig StreamConfig => Streams == 1 ? StreamConfig.Plain
        : new StreamConfig(Streams, PrefixTokens, Smoothing) { Elastic = ElasticStreams.Of(Elastic), Anchored = Anchored };

    /// <summary>The model that these options describe.</summary>
    /// <exception cref="ParScaleException">No such model can be loaded (<see cref="ErrorKind.Usage"/>).</exception>
    public CheckpointConfig Config(int vocabularySize, int? endOfText) => Loadable(Describe(vocabularySize, endOfText));

    /// <summary>The config, after the loader's own checks, so that nothing is trained that no one can load.</summary>
    /// <exception cref="ParScaleException">No such model can be loaded (<see cref="ErrorKind.Usage"/>).</exception>
    public static CheckpointConfig Loadable(CheckpointConfig config)
    {
        try
        {
            CheckpointConfig.Parse(Encoding.UTF8.GetBytes(config.ToJson()), "config.json");
            return config;
        }
        catch (ParScaleException e)
        {
            throw ParScaleException.Usage("TR-10", $"the flags describe a model that cannot be loaded: {e.Message}");
        }
    }

    /// <summary>Refuses values that do not go together, naming the flags; the range of each is in <see cref="Configuration.TrainSettings"/>.</summary>
    /// <exception cref="ParScaleException">They do not (<see cref="ErrorKind.Usage"/>).</exception>
    public void Validate()
    {
        Require(From is not null || HiddenSize % Heads == 0, "--heads must divide --hidden");
        Require(Streams <= ConfigLimits.Streams, $"--streams must be 1 to {ConfigLimits.Streams}");
        Require(Streams == 1 || PrefixTokens is >= 1 and <= ConfigLimits.PrefixTokens, $"--prefix-tokens must be 1 to {ConfigLimits.PrefixTokens}");
        Require(Smoothing is >= 0 and <= 1, "--smooth must be 0 to 1");
        Require(Accumulate <= Batch, "--accumulate must be 1 to --batch");
        Require(Batch >= Processes, $"--batch must be at least {Processes}, one row for each process");
        Require((long)Batch * Context <= 1 << 24, "--batch times --context must be at most 16777216 tokens");
        Require(MinLearningRate <= LearningRate, "--min-lr must be 0 to --lr");
        Require(Warmup <= Steps, "--warmup must be 0 to --steps");
        Require(Schedule == Schedule.Wsd || DecayFraction == DefaultDecayFraction, "--decay-fraction needs --schedule wsd");
        Require(Train == TrainedSet.All || From is not null, "--train streams needs --from, the model whose weights stay as they are");
        Require(Train == TrainedSet.All || Streams > 1, "--train streams needs --streams 2 or more");
        Require(PrefixMlp == 0 || Streams > 1, "--prefix-mlp needs --streams 2 or more");
        Require(From is null || WeightDeviation == InitialWeights.Deviation, "--weight-std is for training from scratch; --from has weights");
        ValidateParting();
    }

    private void ValidateParting()
    {
        Require(Streams > 1 || (PrefixRate == 1 && AggregatorRate == 1), "--prefix-lr and --aggregator-lr need --streams 2 or more");
        Require(Streams > 1 || StreamLoss == 0, "--stream-loss needs --streams 2 or more");
        Require(Streams > 1 || !Anchored, "--anchored needs --streams 2 or more: the anchor and its helpers");
        Require(Streams > 1 || StreamDrop == 0, "--stream-drop needs --streams 2 or more");
        Require(Streams > 1 || Decorrelate == 0, "--decorrelate needs --streams 2 or more");
        Require(Streams > 1 || Init != StreamInit.Text, "--init text needs --streams 2 or more");
        // Prefixes are drawn from scratch, or by --init paper for streams that a plain model gets.
        bool drawn = Streams > 1 && (From is null ? Init is null : Init == StreamInit.Paper);
        Require(drawn || PrefixDeviation == InitialWeights.Deviation,
            "--prefix-std needs prefixes that are drawn: --streams 2 or more, not --init text, and with --from a plain model and --init paper");
        Require(PrefixMlpStart == MlpStart.Zero || (drawn && PrefixMlp > 0),
            "--prefix-mlp-start random needs --prefix-mlp, and prefixes that are drawn: not --init text, and with --from a plain model and --init paper");
        Require(Elastic is null || StreamDrop == 0, "--stream-drop and --elastic leave out streams in two ways; leave one of the two out");
        Require(Elastic is not null || ElasticWeights is null, "--elastic-weights needs --elastic");
        Require(Elastic is not null || ElasticDivergence == DefaultDivergence, "--elastic-divergence needs --elastic");
        if (Elastic is not null) ElasticStreams.Weights(ElasticWeights, ElasticStreams.Of(Elastic).Length);
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw ParScaleException.Usage("TR-10", message);
    }

    private CheckpointConfig Describe(int vocabularySize, int? endOfText) => CheckpointConfig.Create(
        new ModelConfig
        {
            HiddenSize = HiddenSize,
            Layers = LayerConfig.Qwen2(Layers, HiddenSize / Heads, IntermediateSize, ropeTheta: 10000),
            AttentionHeads = Heads,
            KeyValueHeads = KeyValueHeads,
            HeadSize = HiddenSize / Heads,
            VocabularySize = vocabularySize,
            MaxPositions = Context,
            RmsNormEpsilon = 1e-6,
            TieWordEmbeddings = true,
            EndOfTextIds = endOfText is { } id ? [id] : [],
            BeginOfTextId = endOfText,
        },
        StreamConfig) with
    {
        StoredType = SaveType.InConfig(),
    };
}

/// <summary>Which parameters a run trains.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainedSet>))]
internal enum TrainedSet
{
    /// <summary>All of them.</summary>
    [JsonStringEnumMemberName("all")]
    All,

    /// <summary>Prefixes and aggregator, on a backbone that stays as it is.</summary>
    [JsonStringEnumMemberName("streams")]
    Streams,
}

/// <summary>The last matrix of a prefix MLP at the start.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MlpStart>))]
internal enum MlpStart
{
    /// <summary>0: the MLP adds nothing at first.</summary>
    [JsonStringEnumMemberName("zero")]
    Zero,

    /// <summary>Drawn: the MLP makes the prefixes, of the standard deviation asked for.</summary>
    [JsonStringEnumMemberName("random")]
    Random,
}
