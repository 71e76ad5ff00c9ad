using ParScale.Training.Conversion;
using ParScale.Training.Distributed;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Runs;
using ParScale.Training.Runtime;
using static ParScale.Training.Configuration.Setting;

namespace ParScale.Training.Configuration;

/// <summary>
/// Everything that can be set about a run, in the order of <c>--help</c> and of <c>run.json</c>. From a line here come the flag, the key
/// of <c>--config</c>, <c>--set</c> and sweeps, the check of the value, and the property of <see cref="TrainingOptions"/>.
/// </summary>
internal static class TrainSettings
{
    public static readonly Setting Data = Path("data", "UTF-8 text file, or folder of shards from parscale-train data");
    public static readonly Setting Tokenizer = Path("tokenizer", "folder with tokenizer.json; the one of --from if left out");
    public static readonly Setting From = Path("from", "model folder to start from: its shape and weights; --streams P adds streams to a plain one");
    public static readonly Setting Init = Of("init", o => o.Init, StreamInit.Keep, "initial values of added streams; keep: the model's output stays nearly the same; paper: N(0, 0.02); text: prefixes are keys and values of the training text, from scratch too");
    public static readonly Setting Streams = Of("streams", o => o.Streams, 4, "P, the parallel streams; 1 is a plain model", "1 or more", v => v >= 1);
    public static readonly Setting PrefixTokens = Of("prefix_tokens", o => o.PrefixTokens, 48, "prefix slots per stream and layer");
    public static readonly Setting Smooth = Of("smooth", o => o.Smoothing, 0.1, "smoothing of the stream weights");
    public static readonly Setting Anchored = Of("anchored", o => o.Anchored, false,
        "stream 0 is the plain model, the anchor, which alone reads prompts and keeps keys and values; the others are its helpers");
    public static readonly Setting Elastic = Of<string?>("elastic", o => o.Elastic, null,
        "numbers of streams that the model is to run with, such as 1,2,4,8; alone: powers of two up to P; none: only P").Alone(ElasticStreams.All);
    public static readonly Setting Threads = Of("threads", o => o.Threads, MpiLaunch.Threads(), "threads of each process", "1 to 1024", v => v is >= 1 and <= 1024);
    public static readonly Setting ValidationFraction = Of("val_fraction", o => o.ValidationFraction, 0.1, "last part of a text file, held out for validation; shards have their own", "above 0 and below 1", v => v is > 0 and < 1);
    public static readonly Setting Seed = Of("seed", o => o.Seed, 1L, "seed of weights and data order");
    public static readonly Setting SamplePrompt = Beside<string?>("sample_prompt", null, "prompt that the model continues at every evaluation");
    public static readonly Setting SampleTokens = Beside("sample_tokens", 64, "maximum number of new tokens", "1 to 65536", v => v is >= 1 and <= 65536);
    public static readonly Setting Keep = Beside("keep", RunControl.DefaultKeep, "number of newest checkpoints to keep", "1 or more", v => v >= 1);

    /// <summary>What the model of <c>--from</c> decides.</summary>
    public static readonly IReadOnlyList<Setting> Shape =
    [
        Of("hidden", o => o.HiddenSize, 128, "width of the residual stream", "1 or more", v => v >= 1),
        Of("intermediate", o => o.IntermediateSize, 320, "width of the feed-forward", "1 or more", v => v >= 1),
        Of("layers", o => o.Layers, 6, "layers", "1 or more", v => v >= 1),
        Of("heads", o => o.Heads, 4, "query heads", "1 or more", v => v >= 1),
        Of("kv_heads", o => o.KeyValueHeads, 2, "key-value heads", "1 or more", v => v >= 1),
    ];

    /// <summary>The table.</summary>
    public static readonly IReadOnlyList<Setting> All =
    [
        Data, Tokenizer, From,
        Init,
        Of("weight_std", o => o.WeightDeviation, InitialWeights.Deviation, "standard deviation of weights that are drawn; hidden sizes below 500 learn sooner with about 0.6 / sqrt(hidden)", "above 0", v => v > 0),
        Of("prefix_std", o => o.PrefixDeviation, InitialWeights.Deviation, "standard deviation of prefixes that are drawn", "above 0", v => v > 0),
        Of("train", o => o.Train, TrainedSet.All, "all weights, or streams: only prefixes and aggregator; the result is an add-on to --from"),
        Of("prefix_mlp", o => o.PrefixMlp, 0, "width of an MLP that computes the prefixes during training (reparameterization); 0 for none", "0 to 65536", v => v is >= 0 and <= 1 << 16),
        Of("prefix_mlp_start", o => o.PrefixMlpStart, MlpStart.Zero, "zero: the MLP adds nothing at first; random: it makes the first prefixes, of --prefix-std"),
        Streams, .. Shape, PrefixTokens, Smooth,
        Of("context", o => o.Context, 128, "tokens per window", "1 or more", v => v >= 1),
        Of("batch", o => o.Batch, 16, "global batch size: windows per step", "1 to 65536", v => v is >= 1 and <= 1 << 16),
        Of("accumulate", o => o.Accumulate, 1, "gradient accumulation: micro-batches per step", "1 or more", v => v >= 1),
        Of("activation_checkpointing", o => o.ActivationCheckpointing, false, "keep only each layer's input and compute the layer again in the backward pass: less memory, more time").Formerly("recompute"),
        Of("steps", o => o.Steps, 2000L, "updates", $"1 to {TrainingOptions.MostSteps}", v => v is >= 1 and <= TrainingOptions.MostSteps),
        Of("lr", o => o.LearningRate, 2e-3, "peak learning rate", "above 0", v => v > 0),
        Of("min_lr", o => o.MinLearningRate, 1e-4, "final learning rate", "0 or more", v => v >= 0),
        Of("warmup", o => o.Warmup, 100L, "steps of linear warm-up", "0 or more", v => v >= 0),
        Of("schedule", o => o.Schedule, Schedule.Cosine, "learning rate after the warm-up: cosine to --min-lr; wsd: constant, then decay; constant"),
        Of("decay_fraction", o => o.DecayFraction, TrainingOptions.DefaultDecayFraction, "share of the steps, at the end, in which wsd decays to --min-lr", "above 0 and at most 1", v => v is > 0 and <= 1),
        Of("weight_decay", o => o.WeightDecay, 0.1, "weight decay of the matrices", "0 or more", v => v >= 0),
        Of("beta1", o => o.Beta1, AdamW.DefaultBeta1, "AdamW's beta1", "0 or more and below 1", v => v is >= 0 and < 1),
        Of("beta2", o => o.Beta2, 0.99, "AdamW's beta2", "0 or more and below 1", v => v is >= 0 and < 1),
        Of("epsilon", o => o.Epsilon, AdamW.DefaultEpsilon, "AdamW's epsilon", "above 0", v => v > 0),
        Of("clip", o => o.Clip, 1.0, "maximum gradient norm", "above 0", v => v > 0),
        Of("max_skipped", o => o.MaxSkipped, 10, "end the run after this many consecutive steps without a finite loss and gradient", "1 or more", v => v >= 1),
        Of("dropout", o => o.Dropout, 0.0, "dropout probability of each branch's output", "0 or more and below 1", v => v is >= 0 and < 1),
        Of("prefix_lr", o => o.PrefixRate, 1.0, "factor on the learning rate of prefixes and their MLP", "above 0", v => v > 0),
        Of("aggregator_lr", o => o.AggregatorRate, 1.0, "factor on the learning rate of the aggregator", "above 0", v => v > 0),
        Of("stream_loss", o => o.StreamLoss, 0.0, "weight of the mean loss of the streams, each decoded alone", "0 or more", v => v >= 0),
        Of("stream_drop", o => o.StreamDrop, 0.0, "probability that a stream is left out of a row's mixture; one always stays", "0 or more and below 1", v => v is >= 0 and < 1),
        Anchored, Elastic,
        Of("elastic_weights", o => o.ElasticWeights, null, "weights of the losses of --elastic, such as 1,1,2; equal if left out"),
        Of("elastic_divergence", o => o.ElasticDivergence, TrainingOptions.DefaultDivergence, "weight of the divergence of fewer streams' predictions from all streams'", "0 or more", v => v >= 0),
        Of("decorrelate", o => o.Decorrelate, 0.0, "weight of a penalty on streams whose final states point the same way", "0 or more", v => v >= 0),
        Of("irreducible_loss", o => o.IrreducibleLoss, 0.0, "irreducible loss E of the scaling law in nats per token, used to compute rho", "0 or more", v => v >= 0),
        ValidationFraction,
        Of("eval_every", o => o.EvalEvery, 200L, "steps between evaluations", "1 or more", v => v >= 1),
        Of("save_every", o => o.SaveEvery, 200L, "steps between checkpoints", "1 or more", v => v >= 1),
        Seed,
        Threads,
        Of("device", o => o.Device, DeviceChoice.Auto, "auto: the first CUDA device TorchSharp finds, else the CPU"),
        Of("compute", o => o.Compute, NumberType.F32, "type of the matrix products; weights and updates stay f32"),
        Of("save_dtype", o => o.SaveType, NumberType.Bf16, "type of the weights in best/ and final/"),
        SamplePrompt, SampleTokens, Keep,
    ];

    private static readonly Dictionary<string, Setting> ByKey = All.ToDictionary(setting => setting.Key, StringComparer.Ordinal);

    private static readonly Dictionary<string, Setting> ByOldKey =
        All.Where(setting => setting.OldKey is not null).ToDictionary(setting => setting.OldKey!, StringComparer.Ordinal);

    /// <summary>The names of all settings.</summary>
    public static IReadOnlyCollection<string> Keys => ByKey.Keys;

    /// <summary>The setting of that name or former name, if there is one.</summary>
    public static Setting? Find(string key) => ByKey.GetValueOrDefault(key) ?? ByOldKey.GetValueOrDefault(key);
}
