using System.Globalization;

namespace ParScale.TestSupport.Hub;

/// <summary>A request as it came.</summary>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Target">Path and query, percent signs as sent.</param>
/// <param name="Headers">By name in any case.</param>
/// <param name="IsHub">Whether it came to the hub and not to the host that serves large files.</param>
public sealed record FakeRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, bool IsHub)
{
    /// <summary>The file that is asked for; null for questions about models.</summary>
    public string? File { get; init; }

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>Where the answer is to begin; null without a Range.</summary>
    public long? RangeStart => Range is { } range ? long.Parse(range[0], NumberStyles.None, CultureInfo.InvariantCulture) : null;

    /// <summary>Its last byte; null when it is to go to the end.</summary>
    public long? RangeEnd => Range is [_, { Length: > 0 } end] ? long.Parse(end, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    private string[]? Range => Header("Range")?["bytes=".Length..].Split('-');
}
