using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Generation;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale generate</c>: continues a prompt, token by token.</summary>
internal sealed class GenerateCommand : ExampleCommand
{
    private readonly ModelOptions _model = new(mayRest: true);
    private readonly InputOptions _input = new();
    private readonly GenerationOptionSet _generation = new(new GenerationOptions());
    private readonly Option<bool> _noEcho = CommonOptions.Flag("--no-echo", "Print only the continuation, not the prompt before it.");

    public GenerateCommand(Terminal terminal, CommonOptions common)
        : base("generate", "Continue a prompt. Prints the prompt and then each token as it comes. One line break at the end of a piped prompt is dropped.")
    {
        _input.AddTo(this);
        _generation.AddTo(this);
        Options.Add(_noEcho);
        _model.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale generate -p "ROMEO:" -n 200
          parscale generate -m my-model -p "Once upon a time" --temp 0 --json
          cat prompt.txt | parscale generate -n 500 -s 7 > story.txt
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        Input input = TrimPipe(_input.Read(parse, terminal));
        using LanguageModel model = _generation.Load(parse, _model, terminal);
        GenerationOptions options = _generation.Read(parse, model, input.ParseSpecial);
        int[] prompt = input.ToIds(() => ModelFolder.TokenizerOf(model, terminal), model.Config.VocabularySize, minimum: 0);

        using var interrupt = new Interrupt(terminal.Cancellation);
        var run = new GenerationRun(prompt.Length, json ? null : terminal.ShowAtOnce);
        IAsyncEnumerable<GeneratedPiece> pieces = prompt.Length == 0
            ? model.GenerateAsync("", options, interrupt.Token)
            : model.GenerateAsync(prompt, options, interrupt.Token);
        if (!json && !parse.GetValue(_noEcho)) run.Echo(input.Text ?? EchoOf(prompt, model));
        run.Follow(pieces);

        if (json) terminal.WriteJson(Describe(run, model, options), CliJson.Readable.GenerateResult);
        else run.EndLine();
        terminal.Note(Figures(run, model, options));
        return run.Cancelled ? ErrorReport.Interrupted : 0;
    }

    // `echo prompt | parscale generate` should equal `-p prompt`.
    private static Input TrimPipe(Input input)
    {
        if (!input.FromPipe || input.Text is not { } text || !text.EndsWith('\n')) return input;
        return input with { Text = text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)] };
    }

    private static string EchoOf(int[] prompt, LanguageModel model) =>
        model.HasTokenizer ? model.Tokenizer.Decode(prompt) : "";

    private static GenerateResult Describe(GenerationRun run, LanguageModel model, GenerationOptions options) =>
        new(run.Text, run.Ids.Count, run.PromptTokens, run.FinishReason, run.PrefillMs, run.DecodeMsPerToken, run.Streams ?? model.Streams.Count)
        {
            CachedTokens = run.CachedTokens,
            Ids = run.Ids,
            LogProbs = run.Predictions.Count == 0 ? null : [.. run.Predictions.Select(LogProbResult.Of)],
            Seed = options.Sampling.Seed!.Value,
            Dtype = TypeName(model),
            Device = model.Device.Name,
            Kernel = model.KernelTier,
            Threads = model.Threads,
            MeanStreams = run.MeanStreams,
            StreamGate = run.StreamGate,
            CatchUpTokens = model.Streams.IsAnchored ? null : run.CatchUpTokens,
        };

    private static string Figures(GenerationRun run, LanguageModel model, GenerationOptions options)
    {
        SamplingOptions sampling = options.Sampling;
        string seed = sampling.Temperature == 0 ? "greedy" : $"seed {sampling.Seed}";
        string speed = run.TokensPerSecond > 0 ? run.TokensPerSecond.ToString("F1", CultureInfo.InvariantCulture) : "-";
        return string.Create(CultureInfo.InvariantCulture,
            $"{speed} tokens/s | P {run.Streams ?? model.Streams.Count}{run.MeanText} | {TypeName(model)} | {ComputeDeviceOption.Figures(model)}"
            + $" | prompt {run.PromptTokens} tokens in {run.PrefillMs:F0} ms | {run.Ids.Count} new tokens ({run.FinishReason}) | {seed}");
    }

    private static string TypeName(LanguageModel model) => model.Dtype.ToString().ToLowerInvariant();
}

/// <summary>The JSON of <c>parscale generate</c>.</summary>
/// <param name="Text">The continuation, without the prompt.</param>
/// <param name="Tokens">Number of new tokens.</param>
/// <param name="PromptTokens">Number of tokens of the prompt.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c>, or <c>cancelled</c> after Ctrl+C.</param>
/// <param name="PrefillMs">Time to read the prompt, milliseconds.</param>
/// <param name="DecodeMsPerToken">Mean time of a decode step, milliseconds; 0 when there was none.</param>
/// <param name="Streams">Parallel streams P.</param>
internal sealed record GenerateResult(
    string Text, int Tokens, int PromptTokens, string FinishReason, double PrefillMs, double DecodeMsPerToken, int Streams)
{
    /// <summary>Tokens of the prompt that were taken from an earlier sequence.</summary>
    public required int CachedTokens { get; init; }

    /// <summary>With <c>--logprobs</c>, each new token's log-probability and the likeliest tokens in its place.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LogProbResult>? LogProbs { get; init; }

    /// <summary>The new tokens' ids.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>The seed used; the same seed gives the same text.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Format of the weights in memory.</summary>
    public required string Dtype { get; init; }

    /// <summary>What computed: <c>cpu</c>, or a device such as <c>vulkan:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>The kernel tier chosen for this machine.</summary>
    public required string Kernel { get; init; }

    /// <summary>Worker threads.</summary>
    public required int Threads { get; init; }

    /// <summary>With <c>--streams auto</c>, the mean number of streams that ran for a new token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MeanStreams { get; init; }

    /// <summary>With <c>--streams auto</c>, what decided: <c>router</c> or <c>entropy</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StreamGate { get; init; }

    /// <summary>With <c>--streams auto</c> and an elastic model, tokens that its streams read when they no longer rested.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? CatchUpTokens { get; init; }
}
