using System.CommandLine;
using ParScale.Cli.Downloads;
using ParScale.Cli.Terminals;
using ParScale.Hub;
using ParScale.Kernels.Formats;
using ParScale.Store;

namespace ParScale.Cli.Options;

/// <summary>Which model, and how to load it.</summary>
/// <param name="allSets">Whether the streams of other models over the same backbone come along when they are here, to switch between them.</param>
/// <param name="mayRest">Whether helpers of an anchored model may be left out where the anchor is sure.</param>
/// <param name="embedded">The folder of the embedded model that a command line without <c>-m</c> means; by default that of the one that continues text.</param>
internal sealed class ModelOptions(bool allSets = false, bool mayRest = false, Func<ParseResult, string>? embedded = null)
{
    private const int MostThreads = 1024;

    private readonly ModelFolderOption _model = new();
    private readonly StreamOptions _streams = new(mayRest);
    private readonly ComputeDeviceOption _device = new();
    private readonly Option<WeightDtype?> _type = DtypeOption.OfWeights("Format of the weights in memory (default: as stored).");
    private readonly Option<string[]?> _add = new("--add-streams")
    {
        Description = "Also load the streams of this folder or model over the same weights; --streams then chooses among all of them. May be repeated.",
        HelpName = "FOLDER|NAME",
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
        Description = "Instruction set of the q8 and q4 kernels (default: the best that was measured on such machines; i8mm only when named).",
        HelpName = "avx512-vnni|avx-vnni|avx2|avx-vnni-intrinsics|avx2-intrinsics|dp|i8mm|portable",
    };
    private readonly Option<string?> _keep = KeepOption();
    private readonly Option<bool> _strict = CommonOptions.Flag("--strict-weights",
        "Refuse weights with NaN or infinity instead of printing a note.");

    public void AddTo(Command command)
    {
        _model.AddTo(command);
        _streams.AddTo(command);
        command.Options.Add(_add);
        command.Options.Add(_type);
        command.Options.Add(_cache);
        command.Options.Add(_kvMemory);
        _device.AddTo(command);
        command.Options.Add(_threads);
        command.Options.Add(_tier);
        command.Options.Add(_strict);
        command.Options.Add(_keep);
    }

    /// <summary>Loads the model and prints its notes.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="terminal">Where notes go.</param>
    /// <param name="change">What a command adds to how it is loaded.</param>
    public LanguageModel Load(ParseResult parse, Terminal terminal, Func<LoadOptions, LoadOptions>? change = null)
    {
        string[] added = parse.GetValue(_add) ?? [];
        int? streams = _streams.Count(parse);
        // With sets added by hand, the number chooses among these and the model's own.
        ResolvedModel? resolved = _model.Resolve(parse, terminal, added.Length == 0 ? streams : null);
        LoadOptions options = Options(parse) with
        {
            Streams = streams ?? resolved?.StreamCount,
            Gate = _streams.Gate(parse),
            AddedStreams = [.. AddedFolders(added, resolved, parse, terminal)],
        };
        if (change is not null) options = change(options);
        LanguageModel model = _device.Load(parse, terminal, device => Load(resolved, parse, terminal, options with { Device = device }));
        foreach (string notice in model.Notices) terminal.Note(notice);
        if (allSets && resolved is not null) AddOthers(model, resolved, terminal);
        return model;
    }

    /// <summary>Whether a number of streams is given.</summary>
    public bool ChoosesStreams(ParseResult parse) => _streams.Count(parse) is not null;

    /// <summary>Whether streams of other models are added.</summary>
    public bool AddsStreams(ParseResult parse) => parse.GetValue(_add) is { Length: > 0 };

    /// <summary>Whether an embedded model is meant.</summary>
    public bool IsEmbedded(ParseResult parse) => !_model.IsGiven(parse);

    private LoadOptions Options(ParseResult parse) => new()
    {
        KvMemory = (long?)parse.GetValue(_kvMemory) << 20,
        Dtype = parse.GetValue(_type),
        KvDtype = parse.GetValue(_cache),
        Threads = parse.GetValue(_threads),
        Tier = parse.GetValue(_tier),
        StrictWeights = parse.GetValue(_strict),
    };

    // The streams that the model's name stands for come first, then those given by folder or name.
    private IEnumerable<string> AddedFolders(string[] given, ResolvedModel? model, ParseResult parse, Terminal terminal)
    {
        var download = new ModelDownload(terminal, _model.Agreed(parse));
        IEnumerable<string> folders = given.Select(text => _model.Resolve("--add-streams", text, download, streams: null)).Select(added => added.Streams ?? added.Source.Folder);
        return model?.Streams is { } own ? folders.Prepend(own) : folders;
    }

    // Nobody asked for them by name: one that cannot be had is no reason to stop.
    private static void AddOthers(LanguageModel model, ResolvedModel resolved, Terminal terminal)
    {
        foreach (string streams in SharedBackbone.Others(new HubCache(), resolved))
        {
            try
            {
                model.AddStreams(streams);
            }
            catch (ParScaleException e)
            {
                // AD-06: they were given by hand already.
                if (e.Code != "AD-06") terminal.Note($"the streams in {ParScaleException.Quote(streams)} are left out: {e.Message}");
            }
        }
    }

    private LanguageModel Load(ResolvedModel? model, ParseResult parse, Terminal terminal, LoadOptions options)
    {
        bool keep = parse.GetValue(_keep) is { } choice ? choice == "yes" : model?.Source.Name is not null;
        if (model is null || !keep) return LanguageModel.Load(model?.Source.Folder ?? embedded?.Invoke(parse), options);
        using var interrupt = new Interrupt(terminal.Cancellation);
        using var progress = new ShareProgress(terminal, "quantising");
        var store = ModelStore.Beside(new HubCache().Folder);
        return LanguageModel.LoadKept(model.Source, store, options, terminal.Note, progress, interrupt.Token);
    }

    // Not an option of type bool: the parser gives that a value only when it reads as true or false.
    private static Option<string?> KeepOption()
    {
        var option = new Option<string?>("--keep-quantized")
        {
            Description = "Keep the q8 or q4 weights that --dtype makes of floats for the next start (default: yes for models of the hub, no for folders).",
            HelpName = "yes|no",
            Arity = ArgumentArity.ExactlyOne,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("yes" or "no") and var text }]) result.AddError($"--keep-quantized needs yes or no, not {ParScaleException.Quote(text)}");
        });
        return option;
    }
}
