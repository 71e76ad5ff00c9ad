using System.CommandLine;
using ParScale.Cli.Terminals;
using ParScale.Generation;

namespace ParScale.Cli.Options;

/// <summary>
/// How many tokens to write and how to choose them: a flag comes before the model's generation_config.json, and that before the
/// built-in default.
/// </summary>
/// <param name="builtIn">The built-in defaults.</param>
/// <param name="forChat">Leaves out the options that a conversation has no use for.</param>
internal sealed class GenerationOptionSet(GenerationOptions builtIn, bool forChat = false)
{
    private const int MostTokens = 10_000_000;
    private const int LongestVocabulary = 2_000_000;

    private readonly Option<int?> _count = NumberOption.Integer("--n-predict",
        FormattableString.Invariant($"Maximum number of new tokens (default: {builtIn.MaxNewTokens})."), 1, MostTokens, "-n");
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
    private readonly Option<string?> _config = new("--generation-config")
    {
        Description = "Where the defaults of these options come from: auto takes the model's generation_config.json, none does not (default: auto).",
        HelpName = "auto|none",
    };

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
        if (!forChat) command.Options.Add(_noShift);
        if (!forChat) command.Options.Add(_logProbs);
        command.Options.Add(_config);
        _stop.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0)) result.AddError("--stop needs a text that is not empty");
        });
        _config.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("auto" or "none") } token])
                result.AddError($"--generation-config is auto or none, not {ParScaleException.Quote(token.Value)}");
        });
    }

    /// <summary>Loads the model and prints its notes, those about its generation_config.json too unless that is not used.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="model">Which model.</param>
    /// <param name="terminal">Where notes go.</param>
    /// <param name="change">How the model is loaded beyond what its options say.</param>
    public LanguageModel Load(ParseResult parse, ModelOptions model, Terminal terminal, Func<LoadOptions, LoadOptions>? change = null)
    {
        bool use = parse.GetValue(_config) != "none";
        LanguageModel loaded = model.Load(parse, terminal, options => (change?.Invoke(options) ?? options) with { UseGenerationConfig = use });
        foreach (string notice in loaded.GenerationConfig.Notices) terminal.Note(notice);
        return loaded;
    }

    /// <summary>The options for a model.</summary>
    public GenerationOptions Read(ParseResult parse, LanguageModel model, bool parseSpecial)
    {
        GenerationOptions defaults = model.GenerationConfig.Over(builtIn);
        SamplingOptions sampling = defaults.Sampling;
        return defaults with
        {
            NamedMost = parse.GetValue(_count),
            Stop = parse.GetValue(_stop) is { Length: > 0 } stop ? stop : defaults.Stop,
            IgnoreEndOfText = parse.GetValue(_ignoreEnd),
            ContextShift = !forChat && !parse.GetValue(_noShift),
            ParseSpecial = parseSpecial,
            TopLogProbs = forChat ? null : parse.GetValue(_logProbs),
            Gate = model.DefaultOptions.Gate,
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
