using System.CommandLine;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Plots;
using ParScale.Cli.Terminals;
using ParScale.Plots;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Law;

/// <summary><c>parscale law plot</c>: pictures of the law.</summary>
internal sealed class LawPlotCommand : ExampleCommand
{
    private const string Curves = "loss";
    private const string Contours = "contours";

    private readonly LossTableOption _data = new();
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Output file; its name ends in .png or .svg.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _kind = new("--kind")
    {
        Description = "loss: loss over N for each P, with the data; contours: models of equal loss over P and N (default: loss).",
        HelpName = "loss|contours",
    };

    public LawPlotCommand(Terminal terminal, CommonOptions common)
        : base("plot", "Plot the law and the losses it was fitted to, as PNG or SVG.")
    {
        _data.AddTo(this);
        Options.Add(_output);
        Options.Add(_kind);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale law plot --data pile -o law.png
          parscale law plot --data my-losses.csv --kind contours -o contours.svg
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        string kind = parse.GetValue(_kind) ?? Curves;
        if (kind is not (Curves or Contours))
            throw ParScaleException.Usage("CL-02", $"--kind is loss or contours, not {ParScaleException.Quote(kind)}");
        string file = parse.GetValue(_output) ?? throw ParScaleException.Usage("CL-02", "no output file: give -o FILE.png or -o FILE.svg");
        PictureFile.Check(file);

        LossTable table = _data.Read(parse, terminal);
        foreach (string note in table.Notes) terminal.Note(note);
        ScalingLaw law = _data.Law(parse, table);
        PictureFile.Write(kind == Curves ? LossPlot.Draw(law, table) : ContourPlot.Draw(law, table), file);
        if (!PictureStyle.HasFonts) terminal.Note("this system has no fonts, so the picture has no labels; install one, such as DejaVu Sans");
        var result = new LawPlotResult(table.Name, kind, file, PictureFile.Width, PictureFile.Height);
        if (json) terminal.WriteJson(result, CliJson.Readable.LawPlotResult);
        else terminal.Note($"wrote {file}");
        return 0;
    }
}

/// <summary>The JSON of <c>parscale law plot</c>.</summary>
/// <param name="Data">Whose losses.</param>
/// <param name="Kind"><c>loss</c> or <c>contours</c>.</param>
/// <param name="File">The picture, as it was named.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
internal sealed record LawPlotResult(string Data, string Kind, string File, int Width, int Height);
