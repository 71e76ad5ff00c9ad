using System.CommandLine;
using ParScale.Cli.Terminals;
using ParScale.Kernels.Formats;

namespace ParScale.Cli.Options;

/// <summary>Which model, and how to load it.</summary>
internal sealed class ModelOptions
{
    private const int MostStreams = 64;
    private const int MostThreads = 1024;

    private readonly ModelFolderOption _model = new();
    private readonly Option<int?> _streams = StreamsOption();
    private readonly Option<WeightDtype?> _type = DtypeOption.OfWeights("Format of the weights in memory (default: as stored).");
    private readonly Option<string[]?> _add = new("--add-streams")
    {
        Description = "Also load the streams of this folder over the same weights; --streams then chooses among all of them. May be repeated.",
        HelpName = "FOLDER",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<int?> _kvMemory = NumberOption.Integer("--kv-memory",
        "Budget for the keys and values of all sequences, MiB (default: three quarters of the memory left by the weights).", 1, int.MaxValue);
    private readonly Option<KvDtype?> _cache = DtypeOption.OfKeysAndValues(
        "Format of the cached keys and values (default: f32, or bf16 beside quantised weights).");
    private readonly Option<int?> _threads = NumberOption.Integer("--threads",
        "Worker threads (default: one per core).", 1, MostThreads, "-t");
    private readonly Option<string?> _tier = new("--tier")
    {
        Description = "Instruction set of the q8 and q4 kernels (default: the best this machine supports).",
        HelpName = "avx512-vnni|avx-vnni|avx2|dp|portable",
    };
    private readonly Option<bool> _strict = CommonOptions.Flag("--strict-weights",
        "Refuse weights with NaN or infinity instead of printing a note.");

    /// <summary>The option <c>--streams</c>.</summary>
    public static Option<int?> StreamsOption() => NumberOption.Integer("--streams",
        "Parallel streams P (default: the model's own); 1 runs the plain backbone.", 1, MostStreams);

    public void AddTo(Command command)
    {
        command.Options.Add(_model.Option);
        command.Options.Add(_streams);
        command.Options.Add(_add);
        command.Options.Add(_type);
        command.Options.Add(_cache);
        command.Options.Add(_kvMemory);
        command.Options.Add(_threads);
        command.Options.Add(_tier);
        command.Options.Add(_strict);
    }

    /// <summary>Loads the model and prints its notes.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="terminal">Where notes go.</param>
    /// <param name="change">What a command adds to how it is loaded.</param>
    public LanguageModel Load(ParseResult parse, Terminal terminal, Func<LoadOptions, LoadOptions>? change = null)
    {
        string[] added = parse.GetValue(_add) ?? [];
        var options = new LoadOptions
        {
            // With sets added, the number chooses among all of them.
            Streams = added.Length == 0 ? parse.GetValue(_streams) : null,
            KvMemory = (long?)parse.GetValue(_kvMemory) << 20,
            Dtype = parse.GetValue(_type),
            KvDtype = parse.GetValue(_cache),
            Threads = parse.GetValue(_threads),
            Tier = parse.GetValue(_tier),
            StrictWeights = parse.GetValue(_strict),
        };
        LanguageModel model = LanguageModel.Load(_model.Read(parse), change?.Invoke(options) ?? options);
        foreach (string notice in model.Notices) terminal.Note(notice);
        try
        {
            foreach (string folder in added) model.AddStreams(folder);
            Choice(parse)?.Find(model.StreamSets);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Whether the embedded model is meant.</summary>
    public bool IsEmbedded(ParseResult parse) => parse.GetValue(_model.Option) is null;

    /// <summary>The streams that were asked for, among those that were added; null takes the model's own.</summary>
    public StreamChoice? Choice(ParseResult parse) => parse.GetValue(_add) is { Length: > 0 } && parse.GetValue(_streams) is { } streams ? streams : null;
}
