using ScottPlot;

namespace ParScale.Cli.Plots;

/// <summary>Writes a plot as PNG or SVG, by the ending of the file's name.</summary>
internal static class PictureFile
{
    public const int Width = 900;
    public const int Height = 600;

    /// <summary>Checks the name before any work is done for it.</summary>
    public static void Check(string path, string option = "-o")
    {
        string quoted = ParScaleException.Quote(path);
        if (Directory.Exists(path)) throw ParScaleException.Usage("CL-02", $"{option} {quoted} is a folder; give a file such as law.png");
        if (!IsSvg(path) && !IsPng(path)) throw ParScaleException.Usage("CL-02", $"{option} {quoted}: the name must end in .png or .svg");
    }

    /// <summary>Writes the picture; an older file of that name is unchanged when that fails.</summary>
    public static void Write(Plot plot, string path) => Replace(path, beside =>
    {
        if (IsSvg(path)) File.WriteAllText(beside, plot.GetSvgXml(Width, Height));
        else File.WriteAllBytes(beside, plot.GetImageBytes(Width, Height, ImageFormat.Png));
    });

    /// <summary>Puts what <paramref name="write"/> wrote to the file beside <paramref name="path"/> in its place.</summary>
    public static void Replace(string path, Action<string> write)
    {
        string beside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            write(beside);
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            File.Delete(beside);
            throw new ParScaleException(ErrorKind.Io, "IO-01",
                $"{ParScaleException.Quote(path)} cannot be written; check the folder, its permissions and the free space", problem);
        }
    }

    private static bool IsSvg(string path) => path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase);

    private static bool IsPng(string path) => path.EndsWith(".png", StringComparison.OrdinalIgnoreCase);
}
