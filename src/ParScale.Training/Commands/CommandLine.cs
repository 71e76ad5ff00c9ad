using System.CommandLine;
using System.Globalization;
using ParScale.Training.Distributed;

namespace ParScale.Training.Commands;

/// <summary>The command line as a function: arguments in, exit code out, errors as one line on stderr.</summary>
internal static class CommandLine
{
    public static int Run(string[] args)
    {
        // Numbers in flags, logs and messages are the same in every country.
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        RankConsole.Silence();
        var debug = new Option<bool>("--debug") { Description = "print the stack trace of an error", Recursive = true };
        try
        {
            var root = new RootCommand("Trains ParScale models.")
            {
                TokenizerCommand.Create(), DataCommand.Create(), TrainCommand.Create(), ConvertCommand.Create(), SweepCommand.Create(), PlotCommand.Create(),
                debug,
            };
            ParseResult parse = root.Parse(args);
            if (parse.Errors.Count > 0) throw ParScaleException.Usage("TR-10", parse.Errors[0].Message);
            return parse.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception problem)
        {
            (int exit, string text) = ErrorReport.Describe("parscale-train", problem, args.Contains(debug.Name));
            return RankConsole.Fail(exit, text);
        }
    }
}
