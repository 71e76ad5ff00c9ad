using System.CommandLine;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Text;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale tokenize</c>: text to token ids.</summary>
internal sealed class TokenizeCommand : ExampleCommand
{
    private readonly ModelFolderOption _model = new(acceptsTokenizerAlone: true);
    private readonly InputOptions _input = new(acceptsTokens: false);

    public TokenizeCommand(Terminal terminal, CommonOptions common)
        : base("tokenize", "Turn a text into token ids.")
    {
        _input.AddTo(this);
        _model.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale tokenize -p "To be, or not to be"
          parscale tokenize -m my-model --file book.txt --json
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        Input input = _input.Read(parse, terminal);
        Tokenizer tokenizer = ModelFolder.Tokenizer(_model.Read(parse, terminal), terminal);
        int[] ids = tokenizer.Encode(input.Text ?? "", input.ParseSpecial, addSpecial: true);
        if (json) terminal.WriteJson(new TokenizeResult(ids), CliJson.Readable.TokenizeResult);
        else terminal.Out.WriteLine(string.Join(',', ids));
        return 0;
    }
}

/// <summary>The JSON of <c>parscale tokenize</c>.</summary>
/// <param name="Ids">Token ids in the order of the text.</param>
internal sealed record TokenizeResult(int[] Ids);
