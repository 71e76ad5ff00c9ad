using System.Globalization;

namespace ParScale.Benchmarking;

/// <summary>The sequences of one pass, by their P: <c>8</c> is one of eight streams, <c>1+2+5</c> are three.</summary>
/// <param name="Streams">P of each.</param>
/// <param name="Anchored">Whether streams other than the first are helpers of an anchor, also where the model's own are not.</param>
internal sealed record StreamBatch(IReadOnlyList<int> Streams, bool Anchored = false)
{
    /// <summary>Rows of a decode step.</summary>
    public int Rows => Streams.Sum();

    /// <summary>P when there is one sequence, else as <c>1+2+5</c> or <c>8x1</c>; with an <c>a</c> behind it where it is anchored.</summary>
    public string Name => Anchored ? Numbers + "a" : Numbers;

    private string Numbers => Streams.Count > 1 && Streams.Distinct().Count() == 1
        ? string.Create(CultureInfo.InvariantCulture, $"{Streams.Count}x{Streams[0]}")
        : string.Join('+', Streams.Select(streams => streams.ToString(CultureInfo.InvariantCulture)));

    /// <summary>One sequence.</summary>
    public static StreamBatch Of(int streams) => new([streams]);
}
