using System.CommandLine;
using ParScale.Cli.Downloads;
using ParScale.Cli.Terminals;
using ParScale.Files;
using ParScale.Hub;
using ParScale.Inspection;
using ParScale.Store;
using ParScale.Text;

namespace ParScale.Cli.Options;

/// <summary>The option <c>-m</c>: a folder in Hugging Face layout, a model's name on the hub, or nothing for the embedded model.</summary>
/// <param name="acceptsTokenizerAlone">Whether a folder with tokenizer.json and nothing else will do.</param>
internal sealed class ModelFolderOption(bool acceptsTokenizerAlone = false)
{
    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "Folder in Hugging Face layout, or a model on the hub as org/name[@revision], fetched at first use (default: the embedded model).",
        HelpName = "FOLDER|NAME",
    };
    private readonly Option<bool> _yes = CommonOptions.Flag("--yes", "Fetch models of more than 1 GB without asking (or set PARSCALE_YES=1).", "-y");

    public void AddTo(Command command)
    {
        command.Options.Add(_model);
        command.Options.Add(_yes);
    }

    /// <summary>
    /// The folder, proved to exist and to hold what is needed; null for the embedded model. A folder comes before a name on the hub, which is
    /// fetched when it is not in the cache.
    /// </summary>
    public string? Read(ParseResult parse, Terminal terminal) => Resolve(parse, terminal, streams: null) is { } model ? model.Streams ?? model.Source.Folder : null;

    /// <summary>
    /// The same, as weights and streams. Where a published model shares its backbone with others, <paramref name="streams"/> chooses among them.
    /// </summary>
    public ResolvedModel? Resolve(ParseResult parse, Terminal terminal, int? streams)
    {
        return Given(parse) is not { } given ? null : Resolve("--model", given, new ModelDownload(terminal, Agreed(parse)), streams);
    }

    /// <summary>
    /// Looks at what was given, without asking that it be a model: what is at the path, the model in the cache, or what a fetch of small files
    /// tells of one on the hub.
    /// </summary>
    public static ModelInspection Inspect(string given, Terminal terminal)
    {
        string folder = SystemPath.WithoutDots(given);
        if (Directory.Exists(folder) || (File.Exists(folder) && new FileInfo(folder).LinkTarget is null)) return ModelInspection.Of(folder);
        if (InputFile.IsThere(folder, "CL-03") || !ModelName.TryParse(given, out ModelName name)) throw NoModel("--model", given, folder);
        if (new HubCache().Find(name) is { } cached) return ModelInspection.Of(cached);
        return AskHub("--model", ParScaleException.Quote(given), () =>
        {
            using var client = new HubClient();
            using var interrupt = new Interrupt(terminal.Cancellation);
            return ModelInspection.OfHubAsync(client, name, terminal.Note, interrupt.Token).GetAwaiter().GetResult();
        });
    }

    /// <summary>What was given; null for the embedded model.</summary>
    public string? Given(ParseResult parse)
    {
        string? given = parse.GetValue(_model);
        return given is not "" ? given : throw ParScaleException.Usage("CL-02", "--model needs a folder or a name; leave it out for the embedded model");
    }

    /// <summary>Whether a folder or a name was given; without, the embedded model is meant.</summary>
    public bool IsGiven(ParseResult parse) => parse.GetValue(_model) is not null;

    /// <summary>Whether the user agreed to large fetches.</summary>
    public bool Agreed(ParseResult parse) => parse.GetValue(_yes) || ModelDownload.AgreedByVariable;

    /// <summary>What a folder or a name given with an option means; a folder comes first.</summary>
    public ResolvedModel Resolve(string option, string given, ModelDownload download, int? streams)
    {
        string quoted = ParScaleException.Quote(given);
        string folder = SystemPath.WithoutDots(given);
        if (!Directory.Exists(folder))
        {
            if (InputFile.IsThere(folder, "CL-03") || !ModelName.TryParse(given, out ModelName name)) throw NoModel(option, given, folder);
            ResolvedModel model = AskHub(option, quoted, () => download.Resolve(SharedBackbone.With(name, streams), weights: !acceptsTokenizerAlone));
            RequireConfig(option, quoted, model.Source.Folder);
            return model;
        }
        RequireConfig(option, quoted, folder);
        return new ResolvedModel(new ModelSource(folder));
    }

    private void RequireConfig(string option, string quoted, string folder)
    {
        bool enough = InputFile.IsThere(Path.Combine(folder, "config.json"), "CF-01") || (acceptsTokenizerAlone && Tokenizer.IsIn(folder));
        if (enough) return;
        FolderKind kind = FolderKind.OfFolder(folder);
        throw Refuse($"{option} {quoted} has no config.json: it is {kind.What}; {kind.Advice}");
    }

    /// <summary>What to call the model that was read: its name on the hub, else that of its folder.</summary>
    public string NameOf(ParseResult parse, string folder) =>
        parse.GetValue(_model) is { } given && !Directory.Exists(SystemPath.WithoutDots(given)) ? given : Path.GetFileName(SystemPath.Full(folder));

    private static ParScaleException NoModel(string option, string given, string folder)
    {
        string quoted = ParScaleException.Quote(given);
        if (!InputFile.IsThere(folder, "CL-03"))
            return Refuse($"{option} {quoted}: there is no such folder{(given[0] is '.' or '/' or '~' ? "" : "; a model on the hub is org/name or org/name@revision")}");
        if (new FileInfo(folder).LinkTarget is not null)
            return Refuse($"{option} {quoted} is a link that leads to no folder; link it to a folder in Hugging Face layout");
        FolderKind kind = FolderKind.OfFile(folder);
        return Refuse($"{option} {quoted} is {kind.What}; {kind.Advice}");
    }

    private static T AskHub<T>(string option, string quoted, Func<T> fetch)
    {
        try
        {
            return fetch();
        }
        catch (ParScaleException e) when (e.Code is "HB-02" or "HB-15" or "HB-18")
        {
            // It may have been meant as a folder.
            throw new ParScaleException(e.Kind, e.Code, $"{option} {quoted} is no folder here; as a name on the hub: {e.Message}", e);
        }
    }

    private static ParScaleException Refuse(string message) => new(ErrorKind.BadInput, "CL-03", message);
}
