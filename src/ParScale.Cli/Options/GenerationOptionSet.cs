using System.CommandLine;
using ParScale.Generation;

namespace ParScale.Cli.Options;

/// <summary>How many tokens to write and how to choose them.</summary>
internal sealed class GenerationOptionSet
{
    private const int MostTokens = 10_000_000;
    private const int LongestVocabulary = 2_000_000;
    private static readonly GenerationOptions Defaults = new();

    private readonly Option<int?> _count = NumberOption.Integer("--n-predict", "Maximum number of new tokens (default: 64).", 1, MostTokens, "-n");
    private readonly Option<double?> _temperature = NumberOption.Real("--temp",
        "Temperature; 0 always takes the most likely token (default: 0.8).", value => value is >= 0 and <= 100, "from 0 to 100");
    private readonly Option<int?> _topK = NumberOption.Integer("--top-k",
        "Choose among the K most likely tokens; 0 is off (default: 0).", 0, LongestVocabulary);
    private readonly Option<double?> _topP = NumberOption.Real("--top-p",
        "Choose among the most likely tokens that make up this probability; 1 is off (default: 1).", value => value is > 0 and <= 1, "above 0, up to 1");
    private readonly Option<double?> _minP = NumberOption.Real("--min-p",
        "Drop tokens whose probability is below this share of the most likely token's; 0 is off (default: 0).", value => value is >= 0 and <= 1, "from 0 to 1");
    private readonly Option<double?> _penalty = NumberOption.Real("--repeat-penalty",
        "Repetition penalty; 1 turns it off (default: 1).", value => value is >= 0.01 and <= 100, "from 0.01 to 100");
    private readonly Option<ulong?> _seed = NumberOption.Seed("--seed",
        "Random seed; the same seed gives the same text (default: drawn at random and printed on standard error).", "-s");
    private readonly Option<string[]?> _stop = new("--stop")
    {
        Description = "Stop before this text; may be repeated.",
        HelpName = "TEXT",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<bool> _ignoreEnd = CommonOptions.Flag("--ignore-eos", "Continue after an end-of-text token.");
    private readonly Option<int?> _logProbs = LogProbsOption();
    private readonly Option<bool> _noShift = CommonOptions.Flag("--no-context-shift",
        "Stop when the context is full, instead of continuing with the latter half of the text as the new context.");

    /// <summary>The option <c>--logprobs</c>.</summary>
    public static Option<int?> LogProbsOption() => NumberOption.Integer("--logprobs",
        "With --json: log-probabilities of each token and of the N most likely tokens in its place.", 0, PredictedToken.MostTop);

    public void AddTo(Command command)
    {
        command.Options.Add(_count);
        command.Options.Add(_temperature);
        command.Options.Add(_topK);
        command.Options.Add(_topP);
        command.Options.Add(_minP);
        command.Options.Add(_penalty);
        command.Options.Add(_seed);
        command.Options.Add(_stop);
        command.Options.Add(_ignoreEnd);
        command.Options.Add(_noShift);
        command.Options.Add(_logProbs);
    }

    public GenerationOptions Read(ParseResult parse, bool parseSpecial)
    {
        string[] stop = parse.GetValue(_stop) ?? [];
        if (stop.Contains("")) throw ParScaleException.Usage("CL-02", "--stop needs a text that is not empty");
        SamplingOptions sampling = Defaults.Sampling;
        return new GenerationOptions
        {
            MaxNewTokens = parse.GetValue(_count) ?? Defaults.MaxNewTokens,
            Stop = stop,
            IgnoreEndOfText = parse.GetValue(_ignoreEnd),
            ContextShift = !parse.GetValue(_noShift),
            ParseSpecial = parseSpecial,
            TopLogProbs = parse.GetValue(_logProbs),
            Sampling = new SamplingOptions
            {
                Temperature = parse.GetValue(_temperature) ?? sampling.Temperature,
                TopK = parse.GetValue(_topK) ?? sampling.TopK,
                TopP = parse.GetValue(_topP) ?? sampling.TopP,
                MinP = parse.GetValue(_minP) ?? sampling.MinP,
                RepetitionPenalty = parse.GetValue(_penalty) ?? sampling.RepetitionPenalty,
                Seed = parse.GetValue(_seed) ?? RandomSeed(),
            },
        };
    }

    // 31 bits are easier to copy from a screen than 64, and enough to tell runs apart.
    private static ulong RandomSeed() => (ulong)Random.Shared.Next();
}
