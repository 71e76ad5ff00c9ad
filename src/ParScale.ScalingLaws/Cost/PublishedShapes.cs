using System.Globalization;

namespace ParScale.ScalingLaws.Cost;

/// <summary>
/// The six published sizes, and shapes of any other size in the same proportions. Source: the models' configurations, checked
/// against the paper's parameter counts.
/// </summary>
public static class PublishedShapes
{
    private const int Layers = 36, Heads = 16, KeyValueHeads = 2, Vocabulary = 151_936;

    // Width of the feed-forward part over hidden size, and parameters of the layers over hidden size squared.
    private const double Widening = 5.4, ParametersPerSquare = Layers * (2 * (1 + (double)KeyValueHeads / Heads) + 3 * Widening);

    private const int HiddenStep = 2 * Heads, WidthStep = 8;

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

    /// <summary>The shapes, smallest first.</summary>
    public static IReadOnlyList<ModelShape> All { get; } = [.. Sizes.Select(size => Create(size.Name, size.Hidden, size.Intermediate))];

    /// <summary>Least parameters, without the embedding, that <see cref="WithParameters"/> makes a shape of.</summary>
    public const double Least = 5e6;

    /// <summary>Most parameters, without the embedding, that <see cref="WithParameters"/> makes a shape of.</summary>
    public const double Most = 1e12;

    /// <summary>A published shape by its name on the hub or in the paper, or null.</summary>
    public static ModelShape? Find(string name)
    {
        for (int i = 0; i < Sizes.Length; i++)
        {
            if (name.Equals(Sizes[i].Name, StringComparison.OrdinalIgnoreCase) || name.Equals(Sizes[i].PaperName, StringComparison.OrdinalIgnoreCase))
                return All[i];
        }
        return null;
    }

    /// <summary>A dense shape of <paramref name="n"/> parameters without the embedding (P = 1), as near as whole sizes come.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is not from <see cref="Least"/> to <see cref="Most"/>.</exception>
    public static ModelShape WithParameters(double n)
    {
        if (!(n >= Least && n <= Most)) throw new ArgumentOutOfRangeException(nameof(n), n, "a shape has 5e6 to 1e12 parameters");
        int hidden = Math.Max(1, (int)Math.Round(Math.Sqrt(n / ParametersPerSquare) / HiddenStep)) * HiddenStep;
        ModelShape thin = Create(string.Create(CultureInfo.InvariantCulture, $"{n / 1e9:0.##}B*"), hidden, 0);
        double width = (n - thin.NonEmbeddingParameters(1)) / (3.0 * Layers * hidden);
        return thin with { Intermediate = Math.Max(1, (int)Math.Round(width / WidthStep)) * WidthStep };
    }

    /// <summary>A mixture of experts: a token uses <paramref name="active"/> of <paramref name="total"/> parameters, embedding aside.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="total"/> is not above <paramref name="active"/>, or that has no shape.</exception>
    public static ModelShape Mixture(double total, double active)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(total, active);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(total, Most);
        ModelShape dense = WithParameters(active);
        return dense with
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{total / 1e9:0.##}B/{active / 1e9:0.##}B MoE"),
            IdleParameters = total - dense.NonEmbeddingParameters(1),
        };
    }

    private static ModelShape Create(string name, int hidden, int intermediate) => new()
    {
        Name = name,
        Layers = Layers,
        Hidden = hidden,
        Intermediate = intermediate,
        Heads = Heads,
        KeyValueHeads = KeyValueHeads,
        HeadSize = hidden / Heads,
        Vocabulary = Vocabulary,
    };
}
