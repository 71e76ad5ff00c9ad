using System.Net;
using System.Text;
using ParScale.Files;
using ScottPlot;

namespace ParScale.Plots;

/// <summary>Writes pictures as PNG or SVG, or as a page with an SVG in it, by the ending of the file's name.</summary>
internal static class PictureFile
{
    public const int Width = 900;
    public const int Height = 600;

    /// <summary>Checks the name before any work is done for it; <paramref name="page"/>: .html is taken too.</summary>
    public static void Check(string path, string option = "-o", bool page = false)
    {
        string quoted = ParScaleException.Quote(path);
        if (Directory.Exists(path)) throw ParScaleException.Usage("CL-02", $"{option} {quoted} is a folder; give a file such as law.png");
        if (Is(path, ".svg") || Is(path, ".png") || (page && Is(path, ".html"))) return;
        throw ParScaleException.Usage("CL-02", $"{option} {quoted}: the name must end in .png{(page ? ", .svg or .html" : " or .svg")}");
    }

    /// <summary>Writes the picture; an older file of that name is unchanged when that fails.</summary>
    public static void Write(Plot plot, string path) =>
        Write(path, () => plot.GetSvgXml(Width, Height), () => plot.GetImageBytes(Width, Height, ImageFormat.Png));

    /// <summary>The same for several plots; a page of that <paramref name="title"/> where the name ends in .html.</summary>
    public static void Write(PictureGrid grid, string title, string path) =>
        Write(path, Is(path, ".html") ? () => Page(title, grid.ToSvg()) : grid.ToSvg, grid.ToPng);

    /// <summary>Writes a page or picture; an older file of that name is unchanged when that fails.</summary>
    /// <exception cref="ParScaleException">The disk refused (IO-01).</exception>
    public static void Write(string path, byte[] content)
    {
        try
        {
            DurableFile.Replace(path, content);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "IO-01",
                $"{ParScaleException.Quote(path)} cannot be written; check the folder, its permissions and the free space", problem);
        }
    }

    /// <summary>The same for a text.</summary>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    private static void Write(string path, Func<string> text, Func<byte[]> png) =>
        Write(path, Is(path, ".png") ? png() : Encoding.UTF8.GetBytes(text()));

    private static string Page(string title, string svg) => $$"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>{{WebUtility.HtmlEncode(title)}}</title>
        <style>body { margin: 1rem; background: #fff; } svg { max-width: 100%; height: auto; }</style>
        </head>
        <body>
        {{SvgInPage.Of(svg, "a-")}}
        </body>
        </html>

        """;

    private static bool Is(string path, string ending) => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase);
}
