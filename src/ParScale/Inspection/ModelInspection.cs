using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Hub;
using ParScale.Quantization;
using ParScale.Text;
using ParScale.Text.Chat;
using ParScale.Text.TokenizerJson;

namespace ParScale.Inspection;

/// <summary>
/// What a folder holds, found out from headers and small files: what it is, and everything in it that is not supported. No weights are
/// read. Loading reads with the same readers and stops at the first of these faults.
/// </summary>
internal sealed class ModelInspection : IDisposable
{
    private readonly List<UnsupportedThing> _unsupported = [];
    private readonly List<string> _notices = [];
    private readonly string _name;
    private CheckpointFiles? _files;
    private bool _isCopy;

    private ModelInspection(string path, string name) => (Path, _name) = (path, name);

    /// <summary>The folder, or the file in place of one.</summary>
    public string Path { get; }

    /// <summary>What it is, in words.</summary>
    public string What { get; private set; } = "";

    /// <summary>What its config says, whatever the family; null when there is none, or it is no JSON.</summary>
    public RawConfig? Raw { get; private set; }

    /// <summary>The model; null when it cannot be described.</summary>
    public CheckpointConfig? Config { get; private set; }

    /// <summary>Its tensors; null when the config says nothing of them.</summary>
    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>What the weight files hold; null without any.</summary>
    public StoredWeights? Weights { get; private set; }

    /// <summary>Its tokenizer; null when there is none, or it is not supported.</summary>
    public Tokenizer? Tokenizer { get; private set; }

    /// <summary>Its chat templates, by name; null without any.</summary>
    public ChatTemplateFiles? Templates { get; private set; }

    /// <summary>Licence and base model.</summary>
    public ModelCard Card { get; private set; } = new(null, null);

    /// <summary>All that is not supported, each with what to do; empty when the model can be loaded.</summary>
    public IReadOnlyList<UnsupportedThing> Unsupported => _unsupported;

    /// <summary>What is ignored, one line each.</summary>
    public IReadOnlyList<string> Notices => _notices;

    /// <summary>Looks at what is at a path, which must be there: a folder or a file.</summary>
    public static ModelInspection Of(string path)
    {
        var inspection = new ModelInspection(path, path);
        try
        {
            inspection.Run();
            return inspection;
        }
        catch
        {
            inspection.Dispose();
            throw;
        }
    }

    /// <summary>Looks at a model of the hub, of which only small files and the headers of the weights are fetched. Nothing of it is kept.</summary>
    /// <exception cref="ParScaleException">The hub refuses or fails.</exception>
    public static async Task<ModelInspection> OfHubAsync(HubClient client, ModelName name, Action<string> note, CancellationToken cancellation)
    {
        var inspection = new ModelInspection(Directory.CreateTempSubdirectory("parscale-inspect-").FullName, name.ToString()) { _isCopy = true };
        try
        {
            await RemoteLook.FetchAsync(client, name, inspection.Path, note, cancellation).ConfigureAwait(false);
            inspection.Run();
            return inspection;
        }
        catch
        {
            inspection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Checkpoint?.Dispose();
        _files?.Dispose();
        if (_isCopy) Directory.Delete(Path, recursive: true);
    }

    private void Run()
    {
        if (!Directory.Exists(Path))
        {
            Refuse(FolderKind.OfFile(Path));
            return;
        }
        string config = System.IO.Path.Combine(Path, "config.json");
        if (!InputFile.IsThere(config, "CF-01")) Refuse(FolderKind.OfFolder(Path));
        else
        {
            Raw = RawConfig.Read(config);
            Faults settings = Read("config", faults =>
            {
                faults.Try(() => HeaderChecksum.Require(Path));
                Config = faults.Try(() => CheckpointConfig.Load(Path, faults), null);
            });
            What = Describe();
            Read("weights", faults => ReadWeights(settings, faults));
        }
        Card = ModelCard.Of(Path);
        Read("tokenizer", ReadTokenizer);
        Read("chat template", ReadTemplate);
    }

    private void Refuse(FolderKind kind)
    {
        What = kind.What;
        string name = ParScaleException.Quote(_name);
        string what = Directory.Exists(Path) ? $"has no config.json: it is {kind.What}" : $"is {kind.What}";
        var fault = new ParScaleException(ErrorKind.BadInput, "CL-03", $"--model {name} {what}; {kind.Advice}");
        _unsupported.Add(new UnsupportedThing("folder", new Fault(fault, 0)));
    }

    private Faults Read(string part, Action<Faults> read)
    {
        var faults = Faults.Kept();
        faults.Try(() => read(faults));
        _unsupported.AddRange(faults.All.Select(fault => new UnsupportedThing(part, fault)));
        if (faults.LeftOut > 0) _notices.Add($"{faults.LeftOut} more faults of the {part} are not listed");
        return faults;
    }

    private string Describe()
    {
        if (Config is { } config)
        {
            string made = config.Backbone is { } backbone ? $"an add-on for the model in {ParScaleException.Quote(backbone.Path)}" : "a model";
            string streams = config.Streams.Count == 1 ? ""
                : FormattableString.Invariant($" with {config.Streams.Count} streams{(config.Streams.Anchored ? ", an anchor and its helpers" : "")}");
            string type = config.QuantizedType is { } dtype ? $", quantized to {QuantizedFolder.Name(dtype)}" : "";
            return $"{made} of the family {config.Model.Family}{streams}{type}";
        }
        if (Raw is null) return "a folder whose config.json cannot be read";
        string name = string.Join(", ", ((string?[])[Raw.ModelType, Raw.Architecture]).OfType<string>());
        string kind = Raw.HasOtherInputs ? "a model that takes pictures or sound beside text" : Raw.HasEncoder ? "a model with an encoder" : "a model";
        string sizes = Raw.Sizes.Count > 0 ? $": {string.Join(", ", Raw.Sizes)}" : "";
        return $"{kind} ({(name.Length > 0 ? name : "no model_type")}){sizes}{(Raw.Quantization is { } method ? $", quantized ({method})" : "")}";
    }

    // What the config says wrongly of the tensors would be found in every one of them again.
    private void ReadWeights(Faults settings, Faults faults)
    {
        bool isKnown = Config is not null && !settings.All.Any(fault => fault.Error.Code is "CF-11" or "CF-14" or "AD-04" || fault.Error.Kind == ErrorKind.HashMismatch);
        if (!isKnown)
        {
            _files = CheckpointFiles.Open(Path, _notices, faults);
            Weights = Stored(_files.Files);
            return;
        }
        Checkpoint = Checkpoint.Open(Path, Config!, faults, headersOnly: _isCopy);
        Config = Checkpoint.Config;
        Weights = Stored(Checkpoint.Files);
        _notices.AddRange(Checkpoint.Notices);
        foreach (string unfinished in Directory.EnumerateFiles(Path).Select(System.IO.Path.GetFileName).OfType<string>().Where(FolderKind.IsUnfinished).Order(StringComparer.Ordinal))
            _notices.Add($"{ParScaleException.Quote(unfinished)} is an unfinished fetch and is not read");
        // What weights a router was fitted to is told by some of their bytes, of which a copy from the hub has none.
        if (!_isCopy && faults.Count == 0 && Config.Streams.Count > 1) faults.Try(() => StreamGateFile.Read(Checkpoint, Checkpoint), []);
        if (File.Exists(System.IO.Path.Combine(Path, FolderKind.AdapterFile))) _notices.Add($"{FolderKind.AdapterFile}: the adapter is not applied; the model runs as it is");
    }

    private static StoredWeights? Stored(IReadOnlyList<SafetensorsFile> files) => files.Count == 0 ? null : StoredWeights.Of(files);

    private void ReadTokenizer(Faults faults)
    {
        if (!Tokenizer.IsIn(Path))
        {
            string other = TokenizerFile.OtherFormatIn(Path);
            if (other.Length > 0) faults.Add(ParScaleException.BadInput("TK-01", System.IO.Path.Combine(Path, TokenizerFile.FileName), $"is missing{other}"));
            return;
        }
        Tokenizer = Tokenizer.Load(Path, Config?.Model.VocabularySize, faults);
        if (Tokenizer is not null) _notices.AddRange(Tokenizer.Notices);
    }

    private void ReadTemplate(Faults faults)
    {
        Templates = ChatTemplateFiles.Find(Path);
        if (Templates is null || ChatTemplate.Load(Path, Templates.Sources.ContainsKey(ChatTemplateFiles.Default) ? null : Templates.Sources.Keys.Order(StringComparer.Ordinal).First()) is not { } template) return;
        try
        {
            template.Render([new ChatMessage("user", "Hello")]);
        }
        catch (ParScaleException refusal) when (refusal.Code == "CT-09")
        {
            // It asks for another chat than this one.
        }
    }
}

/// <summary>Something in a folder that is not supported.</summary>
/// <param name="Part">Where: <c>folder</c>, <c>config</c>, <c>weights</c>, <c>tokenizer</c> or <c>chat template</c>.</param>
/// <param name="Fault">What, why, and what to do.</param>
internal sealed record UnsupportedThing(string Part, Fault Fault);
