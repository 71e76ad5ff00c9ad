using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Hub;

/// <summary>Which files of a repository this library reads: never pickle, code or images, nor weights in another layout.</summary>
internal static class ModelFiles
{
    public const string Config = "config.json";
    public const string Tokenizer = "tokenizer.json";
    public const string Weights = "model.safetensors";
    public const string Index = "model.safetensors.index.json";

    private const string TemplateFolder = "additional_chat_templates/";
    private const string TemplateSuffix = ".jinja";

    private static readonly string[] PickleSuffixes = [".bin", ".pt", ".pth", ".ckpt", ".pkl"];

    /// <summary>Files beside the weights that a model may or may not have.</summary>
    public static IReadOnlyList<string> Optional { get; } =
    [
        "added_tokens.json", "chat_template.jinja", "chat_template.json", "generation_config.json", "merges.txt", "special_tokens_map.json",
        StreamGateFile.Name, Tokenizer, "tokenizer_config.json", "vocab.json",
    ];

    /// <summary>Those files beside the weights that are in the list, and the config.</summary>
    public static IEnumerable<string> Companions(IEnumerable<string> listed) =>
        listed.Where(path => path == Config || Optional.Contains(path) || IsTemplate(path));

    /// <summary>Where the weights are: the one file, or the index of several.</summary>
    /// <exception cref="ParScaleException">The repository has none that are read (HB-19).</exception>
    public static string RequireWeights(ModelName name, IReadOnlyCollection<string> listed)
    {
        if (listed.Contains(Weights)) return Weights;
        if (listed.Contains(Index)) return Index;
        string? pickle = listed.Order(StringComparer.Ordinal).FirstOrDefault(path => PickleSuffixes.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase));
        throw Unusable(name, pickle is null
            ? $"has no {Weights}"
            : $"has its weights as pickle only ({ParScaleException.Quote(pickle)}), which can run code and is not read: convert it with Transformers "
                + "(AutoModelForCausalLM.from_pretrained, then save_pretrained), or choose a revision with safetensors");
    }

    /// <exception cref="ParScaleException">The repository has no config.json (HB-19).</exception>
    public static void RequireConfig(ModelName name, IReadOnlyCollection<string> listed)
    {
        if (!listed.Contains(Config)) throw Unusable(name, $"has no {Config}: it is not a model in Hugging Face layout");
    }

    /// <summary>What a folder lacks of config and weights; which shards there must be is read from the index.</summary>
    /// <param name="folder">A snapshot.</param>
    /// <exception cref="ParScaleException">The index is malformed.</exception>
    public static IReadOnlyList<string> Missing(string folder)
    {
        bool IsThere(string name) => File.Exists(Path.Combine(folder, name));
        var missing = new List<string>();
        if (!IsThere(Config)) missing.Add(Config);
        if (IsThere(Weights)) return missing;
        if (IsThere(Index)) missing.AddRange(Shards(Path.Combine(folder, Index)).Where(shard => !IsThere(shard)));
        else missing.Add(Weights);
        return missing;
    }

    /// <summary>The shards that an index names, in order.</summary>
    /// <exception cref="ParScaleException">The index is malformed, or names other than plain files.</exception>
    public static IReadOnlyList<string> Shards(string index) =>
        [.. SafetensorsIndex.Read(index).Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The error for a repository that cannot be used.</summary>
    public static ParScaleException Unusable(ModelName name, string why) => new(ErrorKind.BadInput, "HB-19", $"{name} {why}");

    private static bool IsTemplate(string path) =>
        path.StartsWith(TemplateFolder, StringComparison.Ordinal) && path.EndsWith(TemplateSuffix, StringComparison.Ordinal) && HubPath.IsPortable(path)
        && path.LastIndexOf('/') == TemplateFolder.Length - 1;
}
