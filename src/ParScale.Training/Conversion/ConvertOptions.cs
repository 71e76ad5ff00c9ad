using ParScale.Training.Modules;

namespace ParScale.Training.Conversion;

/// <summary>What <c>parscale-train convert</c> makes of a plain model.</summary>
internal sealed record ConvertOptions
{
    public required int Streams { get; init; }
    public required int PrefixTokens { get; init; }
    public required double Smoothing { get; init; }
    public required StreamInit Init { get; init; }
    public required long Seed { get; init; }

    /// <summary>How <see cref="StreamInit.Paper"/> draws prefixes.</summary>
    public PrefixStart Prefixes { get; init; } = PrefixStart.Published;

    /// <summary>A text to calibrate <see cref="StreamInit.Keep"/> on, to take the prefixes of <see cref="StreamInit.Text"/> from, and to measure the loss on, or null.</summary>
    public string? Text { get; init; }

    /// <summary>Tokens of the text whose loss is measured.</summary>
    public int MeasuredTokens { get; init; }
}
