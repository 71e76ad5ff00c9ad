using System.CommandLine;
using System.Globalization;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale logits</c>: one pass over the tokens, the most likely next token at each position and the last logits.</summary>
internal sealed class LogitsCommand : ExampleCommand
{
    private const int Shown = 10;
    private readonly ModelOptions _model = new();
    private readonly InputOptions _input = new();

    public LogitsCommand(Terminal terminal, CommonOptions common)
        : base("logits", "Print the most likely next token at every position, and the logits after the last one.")
    {
        _input.AddTo(this);
        _model.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale logits --tokens 1,2,3 --json
          parscale logits -m my-model -p "To be, or not to"
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        Input input = _input.Read(parse, terminal);
        using LanguageModel model = _model.Load(parse, terminal);
        int[] ids = input.ToIds(() => ModelFolder.TokenizerOf(model, terminal), model.Config.VocabularySize, minimum: 1);
        LogitsResult result = model.Logits(ids);

        if (json) terminal.WriteJson(new LogitsOutput(result.Argmax, result.Last, model.Device.Name), CliJson.Readable.LogitsOutput);
        else WriteText(result, terminal);
        return 0;
    }

    private static void WriteText(LogitsResult result, Terminal terminal)
    {
        terminal.Out.WriteLine($"argmax: {string.Join(',', result.Argmax)}");
        terminal.Out.WriteLine($"highest logits after the last token:");
        IEnumerable<int> best = Enumerable.Range(0, result.Last.Length).OrderByDescending(id => result.Last[id]).Take(Shown);
        foreach (int id in best) terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {id,8}  {result.Last[id]:F6}"));
    }
}

/// <summary>The JSON of <c>parscale logits</c>.</summary>
/// <param name="Argmax">Most likely next token after each position.</param>
/// <param name="Last">Logits after the last position, one per token of the vocabulary.</param>
/// <param name="Device">What computed: <c>cpu</c>, or a device such as <c>vulkan:0</c>.</param>
internal sealed record LogitsOutput(int[] Argmax, float[] Last, string Device);
