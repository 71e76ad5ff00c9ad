using ParScale.Configuration;
using ParScale.Files;

namespace ParScale.Checkpoints;

/// <summary>Finds and proves the model that an add-on was trained on.</summary>
internal static class AddOn
{
    /// <summary>Opens the folder that the config of an add-on in <paramref name="folder"/> names.</summary>
    /// <exception cref="ParScaleException">It is missing (AD-01), another one (AD-02) or cannot carry these streams (AD-03).</exception>
    public static Checkpoint OpenBackbone(string folder, CheckpointConfig config, BackboneReference reference)
    {
        // The folder may be a link: beside it means beside its target.
        string path = SystemPath.Full(Path.Combine(folder, reference.Path));
        string name = ParScaleException.Quote(reference.Path);
        string file = Path.Combine(folder, "config.json");
        if (!Directory.Exists(path))
        {
            throw ParScaleException.BadInput("AD-01", file,
                $"parscale_backbone.path is {name}, but there is no such folder; put the backbone there or correct the path");
        }
        CheckpointConfig own = CheckpointConfig.Load(path);
        // Add-ons do not stand on each other: so a chain cannot lead back to itself.
        if (own.Backbone is not null || own.QuantizedType is not null || !SameShape(own.Model, config.Model))
        {
            throw ParScaleException.BadInput("AD-03", file,
                $"the backbone {name} must be a complete float model with the shape in config.json; give the one this add-on was trained on");
        }
        Checkpoint backbone = Checkpoint.Open(path, own);
        if (reference.Hash.IsOf(backbone)) return backbone;
        backbone.Dispose();
        throw new ParScaleException(ErrorKind.HashMismatch, "AD-02",
            $"{Path.GetFileName(file)}: the weights of the backbone {name} are not those that this add-on was trained on; restore them or give the folder that holds them");
    }

    /// <summary>Refuses a folder that has no streams of its own in floats.</summary>
    /// <exception cref="ParScaleException">AD-05.</exception>
    public static void RequireStreams(Checkpoint streams)
    {
        string file = Path.Combine(streams.Folder, "config.json");
        if (streams.Config.Streams.Count == 1) throw ParScaleException.BadInput("AD-05", file, "has no streams to add: parscale_n is 1 or absent");
        if (streams.Config.QuantizedType is null) return;
        throw ParScaleException.BadInput("AD-05", file, "is quantised; add the folder with the float streams: they take the format that the model runs in");
    }

    /// <summary>Proves that streams were trained on a backbone, without reading all of its weights.</summary>
    /// <exception cref="ParScaleException">They were not: another shape (AD-03) or other weights (AD-02).</exception>
    public static void RequireFit(Checkpoint streams, Checkpoint backbone)
    {
        string file = Path.Combine(streams.Folder, "config.json"), name = ParScaleException.Quote(backbone.Folder);
        if (!SameShape(streams.Config.Model, backbone.Config.Model))
        {
            throw ParScaleException.BadInput("AD-03", file,
                $"these streams are for a model of another shape than {name}; load the model that they were trained on");
        }
        // A whole folder is the best witness of its own backbone.
        BackboneHash trainedOn = streams.Config.Backbone?.Hash ?? new BackboneHash("", BackboneHash.SampleOf(streams));
        if (trainedOn.IsOf(backbone)) return;
        string advice = backbone.Config.QuantizedType is not null && (trainedOn.Sample ?? backbone.Config.QuantizedFrom) is null
            ? $"it is unknown whether the quantised weights of {name} were made from those that these streams were trained on; quantise the backbone again"
            : $"the weights of {name} are not those that these streams were trained on; load the model that they were trained on";
        throw new ParScaleException(ErrorKind.HashMismatch, "AD-02", $"{Path.GetFileName(file)}: {advice}");
    }

    /// <summary>Whether the same tensors mean the same model under both configs.</summary>
    public static bool SameShape(ModelConfig a, ModelConfig b)
    {
        // How long a text may be, where it ends and how experts are named is no part of the mathematics.
        ModelConfig Core(ModelConfig config) => config with { MaxPositions = 1, EndOfTextIds = b.EndOfTextIds, BeginOfTextId = null, ExpertTensors = default };
        return Core(a) == Core(b);
    }
}
