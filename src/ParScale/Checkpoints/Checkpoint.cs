using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Quantization;

namespace ParScale.Checkpoints;

/// <summary>
/// A model folder in Hugging Face layout, opened: its config, and its tensors in <c>model.safetensors</c> or in the
/// shards of <c>model.safetensors.index.json</c>, all names, shapes and types checked against the config. The tensors of an
/// add-on's backbone belong to it, as if they stood in the same folder.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private readonly CheckpointFiles _files;

    private Checkpoint(string folder, CheckpointConfig config, CheckpointFiles files, IReadOnlyList<string> notices)
    {
        Folder = folder;
        Config = config;
        Notices = notices;
        _files = files;
    }

    /// <summary>The folder given to <see cref="Open(string)"/>.</summary>
    public string Folder { get; }

    /// <summary>What the folder's <c>config.json</c> says.</summary>
    public CheckpointConfig Config { get; }

    /// <summary>The weight files, those of an add-on's backbone included.</summary>
    internal IReadOnlyList<SafetensorsFile> Files => _files.Files;

    /// <summary>What was ignored while opening, one line each.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Opens a folder. Weights are mapped, not read; nothing is allocated for them, however large they are.</summary>
    /// <exception cref="ParScaleException">A file is missing or malformed, or a tensor does not fit the config.</exception>
    public static Checkpoint Open(string folder)
    {
        folder = SystemPath.WithoutDots(folder);
        HeaderChecksum.Require(folder);
        return Open(folder, CheckpointConfig.Load(folder));
    }

    /// <summary>The same when the folder's seal was checked and its config has been read.</summary>
    internal static Checkpoint Open(string folder, CheckpointConfig config) => Open(folder, config, Faults.Thrown);

    /// <summary>The same for a report, where faults are kept: the checkpoint has the tensors that could be read and is not fit to be loaded.</summary>
    internal static Checkpoint Open(string folder, CheckpointConfig config, Faults faults, bool headersOnly = false)
    {
        var notices = new List<string>(config.Notices);
        if (config.QuantizedType is not null) faults.Try(() => QuantizedFolder.RequireSeal(folder, notices));
        CheckpointFiles files = CheckpointFiles.Open(folder, notices, faults);
        files.HeadersOnly = headersOnly;
        try
        {
            bool whole = true;
            if (config.Backbone is { } reference)
            {
                whole = faults.Try(() =>
                {
                    Checkpoint backbone = AddOn.OpenBackbone(folder, config, reference);
                    files.Take(backbone._files, ModelTensors.Expected(backbone.Config.Model, StreamConfig.Plain));
                    return true;
                }, false);
            }
            if (!files.IsKnown) return new Checkpoint(folder, config, files, notices);
            if (config.QuantizedType is { } type) faults.Try(() => QuantizedTensors.Require(config, type, files));
            else if (whole) config = RequireWhole(config, files, notices, faults);
            else TensorCheck.RequireStreams(config, files, notices, faults);
            return new Checkpoint(folder, config, files, notices);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a folder, an add-on or a whole model, for the sake of its streams, which are to run on a backbone that is open already.
    /// An add-on's own backbone is not opened, and need not be there.
    /// </summary>
    /// <exception cref="ParScaleException">A file is malformed, or the folder's backbone is another one (AD-02) or of another shape (AD-03), or it has no streams to add (AD-05).</exception>
    internal static Checkpoint OpenStreams(string folder, Checkpoint backbone)
    {
        folder = SystemPath.WithoutDots(folder);
        HeaderChecksum.Require(folder);
        CheckpointConfig config = CheckpointConfig.Load(folder);
        var notices = new List<string>(config.Notices);
        CheckpointFiles files = CheckpointFiles.Open(folder, notices, Faults.Thrown);
        var streams = new Checkpoint(folder, config, files, notices);
        try
        {
            AddOn.RequireStreams(streams);
            if (config.Backbone is null) streams = new Checkpoint(folder, RequireWhole(config, files, notices, Faults.Thrown), files, notices);
            else TensorCheck.RequireStreams(config, files, notices, Faults.Thrown);
            AddOn.RequireFit(streams, backbone);
            return streams;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    // Checks all tensors, and cuts those that are loaded in parts. Returns the config with the names that the files have.
    private static CheckpointConfig RequireWhole(CheckpointConfig config, CheckpointFiles files, List<string> notices, Faults faults)
    {
        int before = faults.Count;
        config = config with { Model = faults.Try(() => ExpertLayerTensors.AsHeld(config.Model, files), config.Model) };
        TensorCheck.Require(config, files, notices, faults);
        if (faults.Count == before) files.Cut(ModelTensors.Table(config.Model, config.Streams));
        return config;
    }

    /// <summary>Whether the checkpoint holds a tensor of this name.</summary>
    public bool Contains(string name) => _files.Tensors.ContainsKey(name);

    /// <summary>A tensor and the file whose mapped bytes its offset points into.</summary>
    /// <exception cref="KeyNotFoundException">No tensor has this name.</exception>
    public (SafetensorsFile File, TensorInfo Info) Get(string name) => _files.Tensors[name];

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();
}
