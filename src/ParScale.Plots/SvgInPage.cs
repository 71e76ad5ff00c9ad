using System.Text.RegularExpressions;

namespace ParScale.Plots;

/// <summary>A drawing as part of an HTML page.</summary>
internal static partial class SvgInPage
{
    /// <summary>
    /// The element <c>svg</c> of a drawing. Several drawings in one page must not share names of parts: <paramref name="mark"/> goes before
    /// those of this one.
    /// </summary>
    public static string Of(string svg, string mark)
    {
        svg = svg[svg.IndexOf("<svg", StringComparison.Ordinal)..];
        // The reader's system may have other fonts than the one that drew.
        svg = Family().Replace(svg, "$0, Verdana, sans-serif");
        return Reference().Replace(Identity().Replace(svg, $"id=\"{mark}"), match => match.Value + mark);
    }

    [GeneratedRegex("(?<=font-family=\")[^\"]*")]
    private static partial Regex Family();

    [GeneratedRegex("\\bid=\"")]
    private static partial Regex Identity();

    [GeneratedRegex("url\\(#|href=\"#")]
    private static partial Regex Reference();
}
