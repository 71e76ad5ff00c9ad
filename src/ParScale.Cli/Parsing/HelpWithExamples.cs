using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using ParScale.Cli.Commands;

namespace ParScale.Cli.Parsing;

/// <summary>The usual help, with examples at its end.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private const int Width = 110;

    private const string RootExamples = """
          parscale generate -p "ROMEO:" -n 200
          parscale chat -m my-model
          parscale score -m my-model --file book.txt --json
          parscale generate --help
        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        new HelpAction { MaxWidth = Width }.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        string examples = parseResult.CommandResult.Command is ExampleCommand command ? command.Example : RootExamples;
        output.WriteLine("Examples:");
        output.WriteLine(examples);
        return 0;
    }
}
