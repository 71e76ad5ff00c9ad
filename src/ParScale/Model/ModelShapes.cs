using ParScale.Configuration;

namespace ParScale.Model;

/// <summary>
/// The six published sizes: 36 layers, 16 heads, 2 of keys and values, a tied vocabulary of 151,936, 48 prefix slots. Source:
/// ParScale paper, model table, checked against its parameter counts.
/// </summary>
internal static class ModelShapes
{
    /// <summary>Prefix slots of the published models.</summary>
    public const int PrefixTokens = 48;

    /// <summary>Their smoothing.</summary>
    public const double Smoothing = 0.1;

    // The paper calls each by its parameters without the embedding. Its 0.7B is left out: that name is another model's on the hub.
    private static readonly (string Name, string? PaperName, int Hidden, int Intermediate)[] Sizes =
    [
        ("0.7B", "0.5B", 896, 4864),
        ("0.9B", null, 1024, 5504),
        ("1.3B", "1.1B", 1280, 6912),
        ("1.8B", "1.6B", 1536, 8320),
        ("3B", "2.8B", 2048, 11008),
        ("4.7B", "4.4B", 2560, 13824),
    ];

    /// <summary>The names, smallest first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Sizes.Select(size => size.Name)];

    /// <summary>A published shape, or null when there is none of that name.</summary>
    public static ModelConfig? Find(string name)
    {
        foreach (var size in Sizes)
        {
            if (string.Equals(name, size.Name, StringComparison.OrdinalIgnoreCase) || string.Equals(name, size.PaperName, StringComparison.OrdinalIgnoreCase))
                return Create(size.Hidden, size.Intermediate);
        }
        return null;
    }

    private static ModelConfig Create(int hidden, int intermediate) => new()
    {
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        LayerCount = 36,
        AttentionHeads = 16,
        KeyValueHeads = 2,
        HeadSize = hidden / 16,
        VocabularySize = 151_936,
        MaxPositions = 2048,
        RmsNormEpsilon = 1e-6,
        RopeTheta = 10_000,
        TieWordEmbeddings = true,
    };
}
