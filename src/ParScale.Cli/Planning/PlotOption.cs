using System.CommandLine;
using ParScale.Cli.Terminals;
using ParScale.Plots;

namespace ParScale.Cli.Planning;

/// <summary>The option <c>--plot</c>: a picture beside what is printed.</summary>
internal sealed class PlotOption(string what)
{
    private const string Name = "--plot";

    public Option<string?> Option { get; } = new(Name)
    {
        Description = $"{what}, to a file whose name ends in .png or .svg.",
        HelpName = "FILE",
        Arity = ArgumentArity.ExactlyOne,
    };

    /// <summary>The file, checked before any work is done for it; null when none is asked for.</summary>
    public string? Read(ParseResult parse)
    {
        string? file = parse.GetValue(Option);
        if (file is not null) PictureFile.Check(file, Name);
        return file;
    }

    /// <summary>Writes the picture.</summary>
    public static void Write(ScottPlot.Plot plot, string file, Terminal terminal)
    {
        PictureFile.Write(plot, file);
        terminal.Note(PictureStyle.HasFonts ? $"wrote {file}" : $"wrote {file}; this system has no fonts, so it has no labels: install one, such as DejaVu Sans");
    }
}
