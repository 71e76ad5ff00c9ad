using ParScale.Model;

namespace ParScale.Checkpoints;

/// <summary>Finds and proves the model that an add-on was trained on.</summary>
internal static class Backbone
{
    /// <summary>Opens the folder that the config of an add-on in <paramref name="folder"/> names.</summary>
    /// <exception cref="ParScaleException">It is missing (AD-01), another one (AD-02) or cannot carry these streams (AD-03).</exception>
    public static Checkpoint Open(string folder, ModelConfig config, BackboneReference reference)
    {
        string path = Path.GetFullPath(Path.Combine(folder, reference.Path));
        string name = ParScaleException.Quote(reference.Path);
        string file = Path.Combine(folder, "config.json");
        if (!Directory.Exists(path))
        {
            throw ParScaleException.BadInput("AD-01", file,
                $"parscale_backbone.path is {name}, and no such folder is there; put the backbone there or correct the path");
        }
        ModelConfig own = ModelConfig.Load(path);
        // Add-ons do not stand on each other: so a chain cannot lead back to itself.
        if (own.Backbone is not null || own.QuantizedType is not null || Core(own) != Core(config))
        {
            throw ParScaleException.BadInput("AD-03", file,
                $"the backbone {name} must be a whole float model of the shape that config.json gives; name the one this add-on was trained on");
        }
        Checkpoint backbone = Checkpoint.Open(path, own);
        if (BackboneHash.Of(backbone) == reference.Hash) return backbone;
        backbone.Dispose();
        throw new ParScaleException(ErrorKind.HashMismatch, "AD-02",
            $"{Path.GetFileName(file)}: the weights of the backbone {name} are not those that this add-on was trained on; put those back or name their folder");
    }

    /// <summary>What must agree for the same tensors to mean the same model.</summary>
    private static (int, int, int, int, int, int, int, double, double, bool) Core(ModelConfig config) => (
        config.HiddenSize, config.IntermediateSize, config.LayerCount, config.AttentionHeads, config.KeyValueHeads, config.HeadSize,
        config.VocabularySize, config.RmsNormEpsilon, config.RopeTheta, config.TieWordEmbeddings);
}
