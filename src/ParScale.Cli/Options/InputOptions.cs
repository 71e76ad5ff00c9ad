using System.CommandLine;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Options;

/// <summary>What a command works on: a text from -p, a file or a pipe, or ready token ids.</summary>
internal sealed class InputOptions
{
    private readonly Option<string?> _prompt;
    private readonly Option<string?> _file = new("--file", "-f") { Description = "Read the text from a UTF-8 file; bytes that are not UTF-8 are read as U+FFFD.", HelpName = "FILE" };
    private readonly Option<int[]?>? _tokens;
    private readonly Option<bool> _special = CommonOptions.Flag("--special",
        "Encode names of special tokens in the text (such as <|endoftext|>) as those tokens (default: as plain text).");

    private readonly bool _acceptsSpecial;

    public InputOptions(bool acceptsTokens = true, bool acceptsSpecial = true)
    {
        _acceptsSpecial = acceptsSpecial;
        _prompt = new Option<string?>("--prompt", "-p")
        {
            Description = "The text. Without it the text is read from standard input when that is piped or redirected.",
            HelpName = "TEXT",
        };
        _tokens = acceptsTokens ? TokenList.CreateOption() : null;
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_prompt);
        command.Options.Add(_file);
        if (_tokens is not null) command.Options.Add(_tokens);
        if (_acceptsSpecial) command.Options.Add(_special);
    }

    /// <summary>Whether a text is given on the command line, by itself or in a file.</summary>
    public bool IsGiven(ParseResult parse) => parse.GetValue(_prompt) is not null || parse.GetValue(_file) is not null;

    /// <summary>Reads the one input given; throws a usage error when there is none or more than one.</summary>
    public Input Read(ParseResult parse, Terminal terminal)
    {
        string? prompt = parse.GetValue(_prompt);
        string? file = parse.GetValue(_file);
        int[]? tokens = _tokens is null ? null : TokenList.Get(parse, _tokens);
        bool special = _acceptsSpecial && parse.GetValue(_special);

        string choices = _tokens is null ? "-p TEXT or --file FILE" : "-p TEXT, --file FILE or --tokens 1,2,3";
        int given = (prompt is null ? 0 : 1) + (file is null ? 0 : 1) + (tokens is null ? 0 : 1);
        if (given > 1) throw ParScaleException.Usage("CL-02", $"give only one of {choices}");

        if (tokens is not null) return new Input(null, tokens, special);
        if (prompt is not null) return new Input(prompt, null, special);
        if (file is not null) return new Input(TextSource.ReadFile(file, terminal), null, special);
        if (terminal.In is null) throw ParScaleException.Usage("CL-02", $"there is no input: give {choices}, or pipe a text in");
        return new Input(TextSource.ReadPipe(terminal.In, terminal), null, special) { FromPipe = true };
    }
}
