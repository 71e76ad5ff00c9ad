using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Generation;
using ParScale.Model;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale eval</c>: how often a model's answers are exactly right, for every number of its streams, or with streams that rest.</summary>
internal sealed class EvalCommand : ExampleCommand
{
    private readonly ModelOptions _model = new(mayRest: true, embedded: _ => EmbeddedModel.ChatFolder());
    private readonly Option<string?> _data = new("--data")
    {
        HelpName = "FILE",
        Description = "Questions: a JSON object a line with the texts \"prompt\" and \"completion\", the one right answer (default without -m: those of the embedded chat model).",
    };
    private readonly Option<int?> _limit = NumberOption.Integer("--limit", "Ask only the first N questions (default: all).", 1, int.MaxValue);

    public EvalCommand(Terminal terminal, CommonOptions common)
        : base("eval", "Measure how often greedy answers are exactly right, for every number of streams of an elastic model, with 95 % intervals.")
    {
        Options.Add(_data);
        Options.Add(_limit);
        _model.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale eval
          parscale eval -m my-model --data validation.jsonl
          parscale eval -m my-model --data validation.jsonl --streams 4 --json
          parscale eval --streams auto --stream-budget 2
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        Question[] questions = [.. Question.Read(Data(parse)).Take(parse.GetValue(_limit) ?? int.MaxValue)];
        using LanguageModel model = _model.Load(parse, terminal);
        using var interrupt = new Interrupt(terminal.Cancellation);
        EncodedQuestion[] encoded = [.. questions.Select((question, index) => Encode(model, question, index + 1))];
        var result = new EvalResult(model.DefaultOptions.Gate is { } gate ? [AskGated(model, gate, encoded, interrupt.Token)]
            : [.. Sets(parse, model).Select(set => Ask(model, set, encoded, interrupt.Token))]);
        if (json) terminal.WriteJson(result, CliJson.Readable.EvalResult);
        else WriteText(result, terminal);
        return 0;
    }

    // Every number of streams that the model was trained for and those that were added, or the one that is asked for.
    private IEnumerable<StreamSet> Sets(ParseResult parse, LanguageModel model) => _model.ChoosesStreams(parse) ? [model.Streams]
        : model.StreamSets.Where(set => set == model.Streams || _model.AddsStreams(parse) || model.Streams.Config.Elastic.Contains(set.Count)).OrderBy(set => set.Count);

    private string Data(ParseResult parse)
    {
        if (parse.GetValue(_data) is { } given) return given;
        return _model.IsEmbedded(parse) ? Path.Combine(EmbeddedModel.ChatFolder(), "questions.jsonl")
            : throw ParScaleException.Usage("CL-02", "eval needs --data FILE with questions; without -m it has those of the embedded chat model");
    }

    /// <summary>
    /// Greedy decoding writes an answer exactly when each of its tokens, and then an end of text, is the likeliest after those before it:
    /// one pass over question and answer tells.
    /// </summary>
    private static EvalRow Ask(LanguageModel model, StreamSet set, EncodedQuestion[] questions, CancellationToken stop)
    {
        int right = 0;
        long tokens = 0;
        double nll = 0;
        foreach ((int[] all, int prompt, int answer) in questions)
        {
            ScoreResult score = model.Score(all, new ScoreOptions { Streams = set.Name, TopLogProbs = 1 }, cancellationToken: stop);
            PredictedToken[] predicted = [.. score.Predictions!.Skip(prompt - 1)];
            bool isRight = predicted.Take(answer).All(token => token.Top[0].TokenId == token.TokenId)
                && predicted.Skip(answer).All(end => model.Config.EndOfTextIds.Contains(end.Top[0].TokenId));
            if (isRight) right++;
            nll -= predicted.Take(answer).Sum(token => token.LogProb);
            tokens += answer;
        }
        return EvalRow.Of(set.Name, set.Count, set.Count, questions.Length, right) with { Nll = nll / tokens };
    }

    /// <summary>Writes the answers: which streams run for a token depends on the tokens that were chosen before it.</summary>
    private static EvalRow AskGated(LanguageModel model, StreamGate gate, EncodedQuestion[] questions, CancellationToken stop)
    {
        int right = 0;
        long tokens = 0;
        double streams = 0;
        bool ends = model.Config.EndOfTextIds.Count > 0;
        foreach ((int[] all, int prompt, int answer) in questions)
        {
            var options = new GenerationOptions { MaxNewTokens = all.Length - prompt, Gate = gate, Sampling = new SamplingOptions { Temperature = 0 } };
            List<int> written = [];
            GeneratedPiece? last = null;
            foreach (GeneratedPiece piece in model.GenerateAsync(all.AsMemory(0, prompt), options, stop).ToBlockingEnumerable(stop))
            {
                if (piece.TokenId is { } token && !model.Config.EndOfTextIds.Contains(token)) written.Add(token);
                last = piece;
            }
            if (written.SequenceEqual(all[prompt..(prompt + answer)]) && (!ends || last!.FinishReason == FinishReason.Stop)) right++;
            streams += last!.Statistics!.MeanStreams * last.Statistics.NewTokens;
            tokens += last.Statistics.NewTokens;
        }
        return EvalRow.Of("auto", model.Streams.Count, streams / tokens, questions.Length, right);
    }

    // A question is encoded as generate does with a prompt, and the answer as what goes on from it.
    private static EncodedQuestion Encode(LanguageModel model, Question question, int number)
    {
        int[] prompt = model.Tokenizer.Encode(question.Prompt, addSpecial: true);
        int[] answer = model.Tokenizer.Encode(question.Completion, continues: model.Tokenizer.GoesOnAfter(prompt));
        if (prompt.Length == 0 || answer.Length == 0) throw ParScaleException.Usage("CL-02", $"--data: question {number} or its answer has no token");
        int[] all = [.. prompt, .. answer, .. model.Config.EndOfTextIds.Take(1)];
        // The last of them is predicted and never read.
        if (all.Length - 1 > model.Config.MaxPositions)
            throw ParScaleException.Usage("GE-03", $"--data: question {number} with its answer is {all.Length} tokens, but the model's context is {model.Config.MaxPositions}");
        return new EncodedQuestion(all, prompt.Length, answer.Length);
    }

    private static void WriteText(EvalResult result, Terminal terminal)
    {
        terminal.Out.WriteLine("streams  per token  questions  right  accuracy  95 % interval   nats per answer token");
        foreach (EvalRow row in result.Rows)
        {
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{row.Name,7}  {row.StreamsPerToken,9:F2}  {row.Questions,9}  {row.Right,5}  {100 * row.Accuracy,6:F1} %  {100 * row.Low,5:F1} to {100 * row.High,5:F1}  {row.Nll,21:F4}").TrimEnd());
        }
    }
}

/// <summary>A question, its right answer and an end of text where the model has one, as tokens.</summary>
/// <param name="All">All of them.</param>
/// <param name="Prompt">How many are the question.</param>
/// <param name="Answer">How many are the answer.</param>
internal readonly record struct EncodedQuestion(int[] All, int Prompt, int Answer);

/// <summary>The JSON of <c>parscale eval</c>: a row for each number of streams.</summary>
internal sealed record EvalResult(IReadOnlyList<EvalRow> Rows);

/// <summary>What one number of streams reaches.</summary>
/// <param name="Name">The name of the streams; <c>auto</c> where a gate chose.</param>
/// <param name="Streams">P.</param>
/// <param name="StreamsPerToken">Mean streams per token of the answers: P unless a gate chose.</param>
/// <param name="Questions">Questions asked.</param>
/// <param name="Right">Answers that are exactly right, with the end of the text where the model has one.</param>
/// <param name="Accuracy">Their share.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="High">Upper end.</param>
internal sealed record EvalRow(string Name, int Streams, double StreamsPerToken, int Questions, int Right, double Accuracy, double Low, double High)
{
    // The standard normal's 97.5 % quantile.
    private const double Z = 1.959963984540054;

    /// <summary>Nats per token of the right answers; absent where a gate chose.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Nll { get; init; }

    internal static EvalRow Of(string name, int streams, double perToken, int questions, int right)
    {
        (double low, double high) = Wilson(right, questions);
        return new EvalRow(name, streams, perToken, questions, right, (double)right / questions, low, high);
    }

    /// <summary>Wilson's score interval of a share, which also holds near 0 and 1.</summary>
    internal static (double Low, double High) Wilson(int right, int questions)
    {
        double share = (double)right / questions, z2 = Z * Z / questions;
        double middle = (share + z2 / 2) / (1 + z2), reach = Z / (1 + z2) * Math.Sqrt(share * (1 - share) / questions + z2 / questions / 4);
        return (Math.Max(0, middle - reach), Math.Min(1, middle + reach));
    }
}
