using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ParScale.Checkpoints;
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
                TokenizerCommand.Create(), TaskCommand.Create(), DataCommand.Create(), TrainCommand.Create(), ConvertCommand.Create(), SliceCommand.Create(), SweepCommand.Create(), CompareCommand.Create(),
                CeilingCommand.Create(), GatesCommand.Create(), PlotCommand.Create(),
                debug,
            };
            ParseResult parse = root.Parse(args);
            if (parse.Errors.Count > 0) throw ParScaleException.Usage("TR-10", Unknown(parse) ?? parse.Errors[0].Message);
            return parse.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception problem)
        {
            (int exit, string text) = ErrorReport.Describe("parscale-train", problem, args.Contains(debug.Name));
            return RankConsole.Fail(exit, text);
        }
    }

    /// <summary>What is wrong with the first word that is no flag or command, with the nearest that is; null when all are known.</summary>
    private static string? Unknown(ParseResult parse)
    {
        Command command = parse.CommandResult.Command;
        bool atRoot = command == parse.RootCommandResult.Command;
        // Where a command takes folders or files, the parser takes a misspelt flag for one of them.
        IEnumerable<string> taken = parse.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value);
        string? flag = taken.Concat(parse.UnmatchedTokens).FirstOrDefault(word => word.StartsWith('-') && !char.IsAsciiDigit(word.ElementAtOrDefault(1)));
        string? word = flag?.Split('=', ':')[0] ?? (atRoot && parse.UnmatchedTokens is [string first, ..] ? first : null);
        if (word is null) return null;
        IEnumerable<string> known = flag is null
            ? command.Subcommands.Select(one => one.Name)
            : command.Options.Concat(parse.RootCommandResult.Command.Options.Where(option => option.Recursive))
                .Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name));
        string? nearest = NearestName.Find(word, known, within: Math.Max(2, word.Length / 3));
        string hint = nearest is null ? $"parscale-train {(atRoot ? "" : command.Name + " ")}--help lists all" : $"did you mean {nearest}?";
        return $"{ParScaleException.Quote(word)} is no {(flag is null ? "command" : "flag")}; {hint}";
    }
}

/// <summary>Exit codes besides those of <see cref="ErrorKind"/> and <see cref="ErrorReport"/>.</summary>
internal static class ExitCodes
{
    /// <summary>Stopped by a signal, with the checkpoint saved.</summary>
    public const int Stopped = 75;
}
