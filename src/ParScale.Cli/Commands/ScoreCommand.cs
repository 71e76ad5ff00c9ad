using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Generation;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale score</c>: how well the model predicts a text.</summary>
internal sealed class ScoreCommand : ExampleCommand
{
    private readonly ModelOptions _model = new();
    private readonly InputOptions _input = new();
    private readonly Option<int?> _logProbs = GenerationOptionSet.LogProbsOption();

    public ScoreCommand(Terminal terminal, CommonOptions common)
        : base("score", "Measure how well the model predicts a text: mean negative log-likelihood in nats per token, and perplexity.")
    {
        _input.AddTo(this);
        Options.Add(_logProbs);
        _model.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale score -p "To be, or not to be" --json
          parscale score -m my-model --file book.txt
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        Input input = _input.Read(parse, terminal);
        using LanguageModel model = _model.Load(parse, terminal);
        int[] ids = input.ToIds(() => ModelFolder.TokenizerOf(model, terminal), model.Config.VocabularySize, minimum: 2);
        ScoreResult score = Score(model, ids, new ScoreOptions { TopLogProbs = parse.GetValue(_logProbs) }, terminal);
        if (!double.IsFinite(score.Perplexity))
            throw ParScaleException.BadInput("ST-24", model.Folder, "the score is not a finite number; --strict-weights names damaged tensors");

        ScoreOutput output = Describe(score, model.Device, input.Text is null ? null : CharacterCount.Predicted(model.Tokenizer, ids));
        if (json) terminal.WriteJson(output, CliJson.Readable.ScoreOutput);
        else WriteText(output, terminal);
        return 0;
    }

    private static ScoreResult Score(LanguageModel model, int[] ids, ScoreOptions options, Terminal terminal)
    {
        using var interrupt = new Interrupt(terminal.Cancellation);
        using var progress = new Progress(terminal, "scored", ids.Length);
        return model.Score(ids, options, progress, interrupt.Token);
    }

    private static ScoreOutput Describe(ScoreResult score, ComputeDevice device, long? characters) => new(score.MeanNll, score.Tokens, score.Perplexity, device.Name)
    {
        Characters = characters,
        NllPerCharacter = characters > 0 ? score.TotalNll / characters : null,
        LogProbs = score.Predictions is { } predictions ? [.. predictions.Select(LogProbResult.Of)] : null,
    };

    private static void WriteText(ScoreOutput output, Terminal terminal)
    {
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"nll {output.Nll:F6} nats per token, perplexity {output.Perplexity:F4}, {output.Tokens} tokens predicted"));
        if (output.NllPerCharacter is not null)
        {
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"nll {output.NllPerCharacter:F6} nats per character, {output.Characters} characters"));
        }
    }
}

/// <summary>The JSON of <c>parscale score</c>.</summary>
/// <param name="Nll">Mean negative log-likelihood, nats per predicted token.</param>
/// <param name="Tokens">Predicted tokens: all but the first.</param>
/// <param name="Perplexity">exp(<paramref name="Nll"/>).</param>
/// <param name="Device">What computed: <c>cpu</c>, or a device such as <c>vulkan:0</c>.</param>
internal sealed record ScoreOutput(double Nll, long Tokens, double Perplexity, string Device)
{
    /// <summary>With <c>--logprobs</c>, each predicted token's log-probability and the likeliest tokens in its place.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LogProbResult>? LogProbs { get; init; }

    /// <summary>Unicode code points predicted: those of the text less the first token's; absent when token ids were given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Characters { get; init; }

    /// <summary>Summed negative log-likelihood over <see cref="Characters"/>, nats; comparable across tokenizers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NllPerCharacter { get; init; }
}
