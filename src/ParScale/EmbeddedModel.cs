using System.Globalization;

namespace ParScale;

/// <summary>The small models that travel with the library: one shape, trained with P = 1, 2 and 4 streams.</summary>
public static class EmbeddedModel
{
    private const int DefaultStreams = 4;

    /// <summary>P of each of them.</summary>
    public static IReadOnlyList<int> StreamCounts { get; } = [1, 2, 4];

    /// <summary>The folder of the embedded model with the given number of streams, 4 when null.</summary>
    /// <exception cref="ParScaleException">There is none with that many.</exception>
    public static string Folder(int? streams = null)
    {
        string root = Path.Combine(AppContext.BaseDirectory, "models");
        string folder = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"shakespeare-p{streams ?? DefaultStreams}"));
        if (Directory.Exists(folder)) return folder;
        string[] there = Directory.Exists(root) ? [.. Directory.GetDirectories(root).Select(Path.GetFileName).Order()!] : [];
        throw streams is null || there.Length == 0
            ? ParScaleException.BadInput("EM-01", folder, "the embedded model is missing beside the program; build it again or give a folder")
            : ParScaleException.Usage("EM-02", $"no embedded model has {streams} streams; there are {string.Join(", ", there)}");
    }
}
