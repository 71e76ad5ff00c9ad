using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using ParScale.Cli.Bench;
using ParScale.Cli.Chat;
using ParScale.Cli.Commands;
using ParScale.Cli.Cost;
using ParScale.Cli.Law;
using ParScale.Cli.Options;
using ParScale.Cli.Parsing;
using ParScale.Cli.Planning;
using ParScale.Cli.Serving;
using ParScale.Cli.Store;
using ParScale.Cli.Terminals;

namespace ParScale.Cli;

/// <summary>From arguments to exit code. The whole tool, without the process around it.</summary>
internal static class CommandLine
{
    private const string Name = "parscale";

    /// <summary>Runs one command. Never throws; every failure is one line on <see cref="Terminal.Error"/> and an exit code.</summary>
    public static int Run(string[] args, Terminal terminal)
    {
        (CultureInfo culture, CultureInfo uiCulture) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        bool debug = args.Contains("--debug");
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
            int exit = Invoke(args, terminal);
            terminal.Out.Flush();
            return exit;
        }
        catch (Exception problem)
        {
            (int exit, string text) = ErrorReport.Describe(Name, problem, debug);
            terminal.Say(text);
            return exit;
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, uiCulture);
        }
    }

    private static int Invoke(string[] args, Terminal terminal)
    {
        var common = new CommonOptions();
        Command root = Build(args, terminal, common);
        // The parser would drop a first argument such as "[diagram]" as an order to itself.
        if (args.Length > 0 && args[0].StartsWith('[')) throw ParseFailure.UnknownCommand(args[0], root);
        // A prompt may begin with '@' (response files off) and "-np" is a typo, not "-n -p" (bundling off).
        ParseResult parse = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (parse.Errors.Count > 0) throw ParseFailure.Describe(parse);
        terminal.Quiet = parse.GetValue(common.Quiet);
        return parse.Invoke(new InvocationConfiguration
        {
            Output = terminal.Out,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private static Command Build(string[] args, Terminal terminal, CommonOptions common)
    {
        // Not a RootCommand: that one takes its name from the assembly, and the command has a name of its own.
        var root = new Command(Name, "Runs language models of many families in this process, on the CPU, plain or with parallel streams (ParScale).");
        root.Options.Add(new HelpOption("--help", "-h", "-?") { Description = "Show this help, or that of one command.", Action = new HelpWithExamples() });
        common.AddTo(root);
        Option<bool> version = CommonOptions.Flag("--version", "Show the version and the runtime.");
        version.Action = new ShowVersion(terminal, common);
        version.Recursive = true;
        root.Options.Add(version);

        (string Name, Func<Command> Create)[] commands =
        [
            ("generate", () => new GenerateCommand(terminal, common)),
            ("chat", () => new ChatCommand(terminal, common)),
            ("serve", () => new ServeCommand(terminal, common)),
            ("gateway", () => new GatewayCommand(terminal, common)),
            ("logits", () => new LogitsCommand(terminal, common)),
            ("score", () => new ScoreCommand(terminal, common)),
            ("eval", () => new EvalCommand(terminal, common)),
            ("tokenize", () => new TokenizeCommand(terminal, common)),
            ("detokenize", () => new DetokenizeCommand(terminal, common)),
            ("inspect", () => new InspectCommand(terminal, common)),
            ("quantize", () => new QuantizeCommand(terminal, common)),
            ("bench", () => new BenchCommand(terminal, common)),
            ("devices", () => new DevicesCommand(terminal, common)),
            ("law", () => new LawCommand(terminal, common)),
            ("cost", () => new CostCommand(terminal, common)),
            ("plan", () => new PlanCommand(terminal, common)),
            ("published", () => new PublishedCommand(terminal, common)),
            ("pull", () => new PullCommand(terminal, common)),
            ("list", () => new ListCommand(terminal, common)),
            ("verify", () => new VerifyCommand(terminal, common)),
            ("rm", () => new RemoveCommand(terminal, common)),
        ];
        // Only the command that is named is built: the options of all take longer to build than a small command takes to run.
        int named = Array.FindIndex(commands, command => command.Name == args.FirstOrDefault());
        foreach ((_, Func<Command> create) in named < 0 ? commands : [commands[named]]) root.Subcommands.Add(create());
        return root;
    }
}
