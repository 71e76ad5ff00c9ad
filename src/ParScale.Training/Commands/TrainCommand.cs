using System.CommandLine;
using ParScale.Model;
using ParScale.Text;
using ParScale.Training.Conversion;
using ParScale.Training.Data;
using ParScale.Training.Distributed;
using ParScale.Training.Optimization;
using ParScale.Training.Reporting;
using ParScale.Training.Runs;
using ParScale.Training.Runtime;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train train</c>: trains a model from scratch or from another one, or continues a run.</summary>
internal static class TrainCommand
{
    private static readonly Option<string> Data = new("--data") { Required = true, Description = "UTF-8 text file, or folder of shards from parscale-train data" };
    private static readonly Option<string?> TokenizerOption = new("--tokenizer") { Description = "folder with tokenizer.json; the one of --from if left out" };
    private static readonly Option<string?> From = new("--from") { Description = "model folder to go on from: its shape and weights; --streams P adds streams to a plain one" };
    private static readonly Option<string> Init = ConvertCommand.InitOption();
    private static readonly Option<string> Train = Choice("--train", "all", "streams: only prefixes and aggregator; the result is an add-on to --from", "all", "streams");
    private static readonly Option<int> PrefixMlp = Number("--prefix-mlp", 0, "width of an MLP that stands for the prefixes while they train; 0 for none");
    private static readonly Option<string> Output = new("--output", "-o") { Required = true, Description = "folder of the run" };
    private static readonly Option<int> Streams = Number("--streams", 4, "P, the parallel streams; 1 is plain Qwen2");
    private static readonly Option<int> Hidden = Number("--hidden", 128, "width of the residual stream");
    private static readonly Option<int> Intermediate = Number("--intermediate", 320, "width of the feed-forward");
    private static readonly Option<int> Layers = Number("--layers", 6, "layers");
    private static readonly Option<int> Heads = Number("--heads", 4, "query heads");
    private static readonly Option<int> KeyValueHeads = Number("--kv-heads", 2, "key-value heads");
    private static readonly Option<int> PrefixTokens = Number("--prefix-tokens", 48, "learned slots per stream and layer");
    private static readonly Option<double> Smooth = Number("--smooth", 0.1, "smoothing of the stream weights");
    private static readonly Option<int> Context = Number("--context", 128, "tokens per window");
    private static readonly Option<int> Batch = Number("--batch", 16, "windows per step");
    private static readonly Option<int> Accumulate = Number("--accumulate", 1, "parts that the windows of a step are taken in; memory is that of one part");
    private static readonly Option<bool> Recompute = new("--recompute") { Description = "compute each layer twice and hold the values of one only: less memory, more time" };
    private static readonly Option<long> Steps = Number("--steps", 2000L, "updates");
    private static readonly Option<double> Rate = Number("--lr", 2e-3, "highest learning rate");
    private static readonly Option<double> MinRate = Number("--min-lr", 1e-4, "learning rate at the end");
    private static readonly Option<long> Warmup = Number("--warmup", 100L, "steps of linear warm-up");
    private static readonly Option<string> Schedule = Choice("--schedule", "cosine", "learning rate after the warm-up: cosine to --min-lr; wsd: stable, then down; constant",
        "cosine", "wsd", "constant");
    private static readonly Option<double> DecayFraction = Number("--decay-fraction", 0.2, "share of the steps, at the end, in which wsd comes down to --min-lr");
    private static readonly Option<double> Decay = Number("--weight-decay", 0.1, "decay of the weight matrices");
    private static readonly Option<double> Beta1 = Number("--beta1", AdamW.DefaultBeta1, "AdamW's first beta");
    private static readonly Option<double> Epsilon = Number("--epsilon", AdamW.DefaultEpsilon, "what AdamW adds to the root of its second moment");
    private static readonly Option<double> Beta2 = Number("--beta2", 0.99, "AdamW's second beta");
    private static readonly Option<double> Clip = Number("--clip", 1.0, "largest gradient norm");
    private static readonly Option<int> MaxSkipped = Number("--max-skipped", 10, "steps in a row without a finite loss and gradient that end the run");
    private static readonly Option<double> Dropout = Number("--dropout", 0.0, "share of each branch's output that is dropped while training");
    private static readonly Option<double> Decorrelate = Number("--decorrelate", 0.0, "weight of a penalty on streams whose final states point the same way");
    private static readonly Option<double> IrreducibleLoss = Number("--irreducible-loss", 0.0, "E of the scaling law in nats per token, for the rho of the log");
    private static readonly Option<double> ValidationFraction = Number("--val-fraction", 0.1, "last part of a text file, kept for validation; shards have their own");
    private static readonly Option<long> EvalEvery = Number("--eval-every", 200L, "steps between validations");
    private static readonly Option<long> SaveEvery = Number("--save-every", 200L, "steps between checkpoints");
    private static readonly Option<long> Seed = Number("--seed", 1L, "seed of weights and data order");
    private static readonly Option<int> Threads = Number("--threads", MpiLaunch.Threads(), "threads of each process");
    private static readonly Option<string> Device = Choice("--device", "auto", "where to compute: auto is a GPU where TorchSharp finds one, else the processor", "auto", "cpu", "cuda");
    private static readonly Option<string> Compute = Choice("--compute", "f32", "type of the matrix products; weights and updates stay f32", "f32", "bf16");
    private static readonly Option<string> SaveType = Choice("--save-dtype", "bf16", "type of the weights in best/ and final/", "f32", "bf16");
    private static readonly Option<string?> SamplePrompt = new("--sample-prompt") { Description = "text that the model goes on from at every evaluation" };
    private static readonly Option<int> SampleTokens = Number("--sample-tokens", 64, "most tokens it writes");
    private static readonly Option<bool> Resume = new("--resume") { Description = "continue from the newest checkpoint" };
    private static readonly Option<bool> AllowChanged = new("--allow-changed") { Description = "with --resume: go on although data, seed, batch or another option was changed" };
    private static readonly Option<int> Keep = Number("--keep", RunControl.DefaultKeep, "newest checkpoints that stay");
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object at the end" };
    private static readonly Option<bool> Supervised = new("--supervised") { Hidden = true, Description = "stop and save when standard input ends" };

    public static Command Create()
    {
        var command = new Command("train", "Train a model on a text file")
        {
            Data, TokenizerOption, Output, From, Init, Train, PrefixMlp, Streams, Hidden, Intermediate, Layers, Heads, KeyValueHeads, PrefixTokens, Smooth, Context, Batch, Accumulate, Recompute,
            Steps, Rate, MinRate, Warmup, Schedule, DecayFraction, Decay, Beta1, Beta2, Epsilon, Clip, MaxSkipped, Dropout, ValidationFraction, EvalEvery, SaveEvery, Seed, Threads, Device, Compute, SaveType,
            Decorrelate, IrreducibleLoss, SamplePrompt, SampleTokens, Resume, AllowChanged, Keep, Json, Supervised,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        using StopSignal stop = StopSignal.OfProcess();
        if (parse.GetValue(Supervised)) stop.RaiseAtEndOfInput();
        StartingPoint? from = parse.GetValue(From) is { } folder ? StartingPoint.Open(folder) : null;
        var run = new TrainingRun(parse.GetRequiredValue(Data), TokenizerOf(parse, from), parse.GetRequiredValue(Output), from)
        {
            Samples = Samples(parse),
            Group = ProcessGroup.Join(),
        };
        var control = new RunControl(parse.GetValue(Resume), parse.GetValue(AllowChanged), parse.GetValue(Keep));
        RunResult result = run.Execute(files => Options(parse, from) with { DataSha256 = files.DataSha256, TokenizerSha256 = files.TokenizerSha256, Processes = run.Group.Count }, control, stop);
        if (result.Finished && run.Group.IsFirst) result.Save();
        run.Group.Leave();
        if (parse.GetValue(Json)) Console.WriteLine(result.ToJson());
        if (!result.Finished) Console.Error.WriteLine($"stopped and saved at step {result.Step} of {result.Steps}; --resume goes on");
        return result.Finished ? 0 : ExitCodes.Stopped;
    }

    /// <summary>The options and the model that the words for <c>train</c> describe, without reading the data.</summary>
    /// <exception cref="ParScaleException">They describe no run.</exception>
    public static (TrainingOptions Options, ModelConfig Model) Describe(string[] words, KnownInputs known)
    {
        ParseResult parse = new RootCommand { Create() }.Parse(words);
        if (parse.Errors.Count > 0) throw ParScaleException.Usage("TR-10", parse.Errors[0].Message);
        StartingPoint? from = parse.GetValue(From) is { } folder ? known.From(folder) : null;
        Tokenizer tokenizer = known.Tokenizer(TokenizerOf(parse, from));
        TrainingOptions options = Options(parse, from);
        options.Validate();
        return (options, from?.Configure(options, tokenizer.VocabularySize)
            ?? options.ModelConfig(tokenizer.VocabularySize, tokenizer.IdOf(TokenizerWriter.EndOfText)));
    }

    private static string TokenizerOf(ParseResult parse, StartingPoint? from) =>
        parse.GetValue(TokenizerOption) ?? from?.Folder ?? throw ParScaleException.Usage("TR-10", "--tokenizer is needed, or --from");

    private static TrainingOptions Options(ParseResult parse, StartingPoint? from)
    {
        TrainingOptions options = Options(parse);
        if (from is null) return options with { Init = null };
        foreach (Option<int> shape in (Option<int>[])[Hidden, Intermediate, Layers, Heads, KeyValueHeads])
        {
            if (Given(parse, shape)) throw ParScaleException.Usage("TR-22", $"{shape.Name} is given by the model of --from; leave it out");
        }
        return from.Complete(
            options, Given(parse, Streams) ? options.Streams : null, Given(parse, PrefixTokens) ? options.PrefixTokens : null,
            Given(parse, Smooth) ? options.Smoothing : null);
    }

    private static SampleOptions? Samples(ParseResult parse)
    {
        if (parse.GetValue(SampleTokens) is < 1 or > 65536) throw ParScaleException.Usage("TR-10", "--sample-tokens must be 1 to 65536");
        return parse.GetValue(SamplePrompt) is { } prompt ? new SampleOptions(prompt, parse.GetValue(SampleTokens)) : null;
    }

    private static bool Given(ParseResult parse, Option option) => parse.GetResult(option) is { Implicit: false };

    private static TrainingOptions Options(ParseResult parse) => new()
    {
        DataSha256 = "",
        TokenizerSha256 = "",
        Streams = parse.GetValue(Streams),
        HiddenSize = parse.GetValue(Hidden),
        IntermediateSize = parse.GetValue(Intermediate),
        Layers = parse.GetValue(Layers),
        Heads = parse.GetValue(Heads),
        KeyValueHeads = parse.GetValue(KeyValueHeads),
        PrefixTokens = parse.GetValue(PrefixTokens),
        Smoothing = parse.GetValue(Smooth),
        Context = parse.GetValue(Context),
        Batch = parse.GetValue(Batch),
        Accumulate = parse.GetValue(Accumulate),
        Recompute = parse.GetValue(Recompute),
        Steps = parse.GetValue(Steps),
        LearningRate = parse.GetValue(Rate),
        MinLearningRate = parse.GetValue(MinRate),
        Warmup = parse.GetValue(Warmup),
        Schedule = ValueOf<Optimization.Schedule>(parse, Schedule),
        DecayFraction = parse.GetValue(DecayFraction),
        Beta1 = parse.GetValue(Beta1),
        Epsilon = parse.GetValue(Epsilon),
        WeightDecay = parse.GetValue(Decay),
        Beta2 = parse.GetValue(Beta2),
        Clip = parse.GetValue(Clip),
        MaxSkipped = parse.GetValue(MaxSkipped),
        Dropout = parse.GetValue(Dropout),
        ValidationFraction = parse.GetValue(ValidationFraction),
        EvalEvery = parse.GetValue(EvalEvery),
        SaveEvery = parse.GetValue(SaveEvery),
        Seed = parse.GetValue(Seed),
        Threads = parse.GetValue(Threads),
        Device = ValueOf<DeviceChoice>(parse, Device),
        Compute = ValueOf<NumberType>(parse, Compute),
        SaveType = ValueOf<NumberType>(parse, SaveType),
        Init = ValueOf<StreamInit>(parse, Init),
        Train = ValueOf<TrainedSet>(parse, Train),
        PrefixMlp = parse.GetValue(PrefixMlp),
        Decorrelate = parse.GetValue(Decorrelate),
        IrreducibleLoss = parse.GetValue(IrreducibleLoss),
    };

    private static T ValueOf<T>(ParseResult parse, Option<string> option) where T : struct, Enum =>
        Enum.Parse<T>(parse.GetRequiredValue(option), ignoreCase: true);

    private static Option<T> Number<T>(string name, T value, string description) =>
        new(name) { DefaultValueFactory = _ => value, Description = description };

    private static Option<string> Choice(string name, string value, string description, params string[] values)
    {
        var option = new Option<string>(name) { DefaultValueFactory = _ => value, Description = description };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
