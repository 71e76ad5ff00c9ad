using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ParScale.Cli.Parsing;

/// <summary>Turns the parser's errors into the one that tells the user most, in one line.</summary>
internal static class ParseFailure
{
    public static ParScaleException Describe(ParseResult parse)
    {
        // `parscale` and `parscale law` are followed by a command; the commands themselves are not.
        bool commandGiven = parse.CommandResult.Command.Subcommands.Count == 0;
        if (parse.UnmatchedTokens.Count > 0) return Unknown(parse, parse.UnmatchedTokens[0], commandGiven);
        if (!commandGiven && parse.Errors.All(error => OptionOf(error) is null))
        {
            string names = string.Join(", ", parse.CommandResult.Command.Subcommands.Select(command => command.Name));
            return ParScaleException.Usage("CL-02", $"give a command: {names}; `{PathOf(parse)} --help` explains them");
        }

        ParseError first = parse.Errors[0];
        if (OptionOf(first) is not { } option) return ParScaleException.Usage("CL-02", first.Message);

        string name = option.IdentifierToken?.Value ?? option.Option.Name;
        return ParScaleException.Usage("CL-02", option.Tokens.Count switch
        {
            0 => $"{name} needs a value: {name} {option.Option.HelpName}",
            > 1 when option.Option.Arity.MaximumNumberOfValues == 1 =>
                string.Create(CultureInfo.InvariantCulture, $"{name} is given {option.Tokens.Count} times; give it once"),
            _ => first.Message,
        });
    }

    /// <summary>The error for a first argument that is no command of <paramref name="root"/>.</summary>
    public static ParScaleException UnknownCommand(string token, Command root) => ParScaleException.Usage(
        "CL-01", $"unknown command {ParScaleException.Quote(token)}{Suggest(token, root.Subcommands.Select(command => command.Name))}");

    private static ParScaleException Unknown(ParseResult parse, string token, bool commandGiven)
    {
        string quoted = ParScaleException.Quote(token);
        Command command = parse.CommandResult.Command;
        if (token.Length > 1 && token[0] == '-' && parse.Tokens.All(other => other.Type != TokenType.DoubleDash))
        {
            string name = token.Split('=', ':')[0];
            IEnumerable<Command> meant = commandGiven ? [command] : command.Subcommands;
            string example = $"{PathOf(parse)}{(commandGiven ? "" : " COMMAND")} {name} ...";
            return ParScaleException.Usage("CL-01", meant.Any(one => NamesOf(one.Options).Contains(name))
                ? $"{name} comes after the command: {example}"
                : $"unknown option {ParScaleException.Quote(name)}{Suggest(name, OptionNames(parse))}");
        }
        if (!commandGiven) return UnknownCommand(token, command);
        return Swallowed(parse, token) ?? ParScaleException.Usage("CL-01", $"unexpected argument {quoted}; put a text with spaces in quotes");
    }

    // In `-n -p TEXT` the parser takes "-p" for the value of -n, and TEXT is left over: the mistake is before it.
    private static ParScaleException? Swallowed(ParseResult parse, string leftOver)
    {
        int at = parse.Tokens.TakeWhile(token => token.Value != leftOver || token.Type != TokenType.Argument).Count();
        if (at < 2 || parse.Tokens[at - 2].Type != TokenType.Option || !OptionNames(parse).Contains(parse.Tokens[at - 1].Value)) return null;
        return ParScaleException.Usage("CL-02", $"{parse.Tokens[at - 2].Value} has no value, so {parse.Tokens[at - 1].Value} was taken for it");
    }

    // The words up to the command at fault, such as "parscale law".
    private static string PathOf(ParseResult parse)
    {
        string path = parse.CommandResult.Command.Name;
        for (SymbolResult? at = parse.CommandResult.Parent; at is CommandResult outer; at = at.Parent) path = $"{outer.Command.Name} {path}";
        return path;
    }

    private static IEnumerable<string> OptionNames(ParseResult parse)
    {
        IEnumerable<Option> options = parse.CommandResult.Command.Options;
        if (parse.CommandResult != parse.RootCommandResult)
            options = options.Concat(parse.RootCommandResult.Command.Options.Where(option => option.Recursive));
        return NamesOf(options);
    }

    private static IEnumerable<string> NamesOf(IEnumerable<Option> options) =>
        options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Prepend(option.Name));

    private static string Suggest(string typed, IEnumerable<string> known) =>
        NearestName.Find(typed, known) is { } nearest ? $"; did you mean {nearest}?" : "; see `parscale --help`";

    private static OptionResult? OptionOf(ParseError error) => error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;
}
