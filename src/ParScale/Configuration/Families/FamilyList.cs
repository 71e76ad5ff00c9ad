using ParScale.Checkpoints;

namespace ParScale.Configuration.Families;

/// <summary>The families that run, by the name that configs give them.</summary>
internal static class FamilyList
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Family> All { get; } =
    [
        new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Gemma2(), new Gemma3(), new Phi3(), new Olmo2(), new Granite(), new SmolLm3(),
        new Qwen3Moe(), new Qwen2Moe(), new Mixtral(), new OlmoE(),
    ];

    /// <summary>Every <c>model_type</c>, those with streams included.</summary>
    public static IEnumerable<string> Types => All.SelectMany(family => (string[])[family.PlainType, family.StreamType, family.AnchoredType]);

    /// <summary>The family of plain models of this type.</summary>
    public static Family OfPlain(string plainType) => All.First(family => family.PlainType == plainType);

    /// <summary>The family of a <c>model_type</c>.</summary>
    /// <param name="modelType">What the config says.</param>
    /// <param name="file">The config's name, for the error.</param>
    /// <exception cref="ParScaleException">It is none of them (CF-08).</exception>
    public static Family Of(string modelType, string file)
    {
        if (All.FirstOrDefault(family => modelType == family.PlainType || modelType == family.StreamType || modelType == family.AnchoredType) is { } found) return found;
        string? nearest = Types.FirstOrDefault(type => modelType.Length > 2 && type.StartsWith(modelType, StringComparison.Ordinal))
            ?? NearestName.Find(modelType, Types, within: Math.Max(2, modelType.Length / 2));
        string hint = nearest is null ? "" : $", the nearest is {nearest}";
        throw ParScaleException.BadInput("CF-08", file,
            $"model_type is {ParScaleException.Quote(modelType)}; supported are {Names}, each also with _parscale or _parscale_anchored{hint}");
    }

    /// <summary>The plain types in one line.</summary>
    public static string Names => string.Join(", ", All.Select(family => family.PlainType));
}
