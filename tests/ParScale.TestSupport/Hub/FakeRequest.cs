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
    public long? RangeStart =>
        Header("Range") is { } range ? long.Parse(range["bytes=".Length..].TrimEnd('-'), NumberStyles.None, CultureInfo.InvariantCulture) : null;
}
