using System.CommandLine;
using ParScale.Plots;
using ParScale.Training.Reporting;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train plot</c>: the curves of runs as a picture.</summary>
internal static class PlotCommand
{
    private static readonly Argument<string[]> Runs = new("runs") { Arity = ArgumentArity.OneOrMore, HelpName = "RUN", Description = "folders of runs; the curves of several are drawn in one plot" };
    private static readonly Option<string> Output = new("--output", "-o") { Required = true, Description = "file to write; its name ends in .svg, .png or .html" };

    public static Command Create()
    {
        var command = new Command("plot", "Plot the curves of one run or several") { Runs, Output };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        string output = parse.GetRequiredValue(Output);
        PictureFile.Check(output, page: true);
        string[] folders = parse.GetRequiredValue(Runs);
        if (folders.Length > CurvePicture.MostRuns)
            throw ParScaleException.Usage("TR-10", $"{folders.Length} runs are too many to tell apart; give at most {CurvePicture.MostRuns}");
        RunCurves[] runs = [.. folders.Select(RunCurves.Read)];
        PictureFile.Write(CurvePicture.Draw(runs), $"Curves: {string.Join(", ", runs.Select(run => run.Name))}", output);
        Console.Error.WriteLine(PictureStyle.HasFonts
            ? $"wrote {output}"
            : $"wrote {output}; this system has no fonts, so it has no labels: install one, such as DejaVu Sans");
        return 0;
    }
}
