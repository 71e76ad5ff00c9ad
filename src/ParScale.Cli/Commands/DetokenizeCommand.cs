using System.CommandLine;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Text;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale detokenize</c>: token ids to text.</summary>
internal sealed class DetokenizeCommand : ExampleCommand
{
    private readonly ModelFolderOption _model = new(acceptsTokenizerAlone: true);
    private readonly Option<int[]?> _tokens = TokenList.CreateOption();

    public DetokenizeCommand(Terminal terminal, CommonOptions common)
        : base("detokenize", "Turn token ids back into text. Without --tokens the ids are read from standard input when that is piped.")
    {
        Options.Add(_tokens);
        _model.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale detokenize --tokens 1,2,3
          parscale tokenize -p "To be" | parscale detokenize
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        int[] ids = TokenList.Get(parse, _tokens) ?? ReadPipe(terminal);
        Tokenizer tokenizer = ModelFolder.Tokenizer(_model.Read(parse, terminal), terminal);
        TokenList.Check(ids, tokenizer.IdLimit);
        string text = tokenizer.Decode(ids);
        if (json) terminal.WriteJson(new DetokenizeResult(text), CliJson.Readable.DetokenizeResult);
        else terminal.Show($"{text}\n");
        return 0;
    }

    private static int[] ReadPipe(Terminal terminal) => terminal.In is { } pipe
        ? TokenList.Read(TextSource.ReadPipe(pipe, terminal))
        : throw ParScaleException.Usage("CL-02", "there is no input: give --tokens 1,2,3, or pipe the ids in");
}

/// <summary>The JSON of <c>parscale detokenize</c>.</summary>
/// <param name="Text">The text; bytes that are no whole character read as U+FFFD.</param>
internal sealed record DetokenizeResult(string Text);
