using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Kernels.Formats;

namespace ParScale.Tests.Engine;

/// <summary>A plain model with streams of P = 2 and 4 added, and requests that differ in everything.</summary>
internal sealed class EngineModel : IDisposable
{
    public const int Vocabulary = 199;
    private readonly TempFolder _folder = new();

    public EngineModel(WeightDtype? type = null, LoadOptions? options = null, int maxPositions = 160)
    {
        CheckpointConfig config = RandomCheckpoint.Config(
            streams: 1, hidden: 64, heads: 4, layers: 3, intermediate: 96, vocabulary: Vocabulary, maxPositions: maxPositions);
        RandomCheckpoint.Write(Plain, config, seed: 21);
        foreach (int streams in (int[])[2, 4])
            RandomCheckpoint.WriteAddOn(AddOn(streams), Plain, new StreamConfig(streams, 6, 0.1), seed: streams);
        Model = Load((options ?? new LoadOptions()) with { Dtype = type });
    }

    public LanguageModel Model { get; }

    public string Plain => _folder.File("plain");

    public string AddOn(int streams) => _folder.File($"p{streams}");

    public LanguageModel Load(LoadOptions options)
    {
        LanguageModel model = LanguageModel.Load(Plain, options with { Threads = options.Threads ?? 2 });
        model.AddStreams(AddOn(2));
        model.AddStreams(AddOn(4));
        return model;
    }

    /// <summary>The request of a number: its prompt, P, length and seed follow from it alone.</summary>
    public static (int[] Prompt, GenerationOptions Options) Request(int number, int prefixes = 0)
    {
        var random = new Random(number);
        int[] own = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(Vocabulary))];
        // Prompts that begin alike, so that there is something to reuse.
        int[] prompt = prefixes == 0 ? own : [.. Enumerable.Range(0, 40).Select(i => (i * 7 + number % prefixes) % Vocabulary), .. own];
        var options = new GenerationOptions
        {
            MaxNewTokens = random.Next(1, 40),
            Streams = 1 << random.Next(3),
            IgnoreEndOfText = true,
            TopLogProbs = random.Next(4),
            PromptLogProbs = random.Next(5) == 0,
            ContextShift = random.Next(2) == 0,
            Sampling = new SamplingOptions { Temperature = random.Next(3) * 0.7, Seed = (ulong)number, RepetitionPenalty = 1 + random.Next(2) * 0.1 },
        };
        return (prompt, options);
    }

    /// <summary>Everything that a request gave: ids, log-probabilities to the last bit, and why it ended.</summary>
    public static async Task<string> Run(LanguageModel model, int number, int prefixes = 0, CancellationToken cancellationToken = default)
    {
        (int[] prompt, GenerationOptions options) = Request(number, prefixes);
        var lines = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, cancellationToken))
        {
            lines.Add(FormattableString.Invariant($"{piece.TokenId} {Text(piece.Prediction)} {piece.FinishReason} {piece.Statistics?.NewTokens}"));
            foreach (PredictedToken token in piece.PromptPredictions ?? []) lines.Add(Text(token));
        }
        return string.Join('\n', lines);
    }

    public void Dispose()
    {
        Model.Dispose();
        _folder.Dispose();
    }

    private static string Text(PredictedToken? token) => token is null ? "" : FormattableString.Invariant($"{token.TokenId}:{token.LogProb:R}")
        + string.Concat(token.Top.Select(top => FormattableString.Invariant($" {top.TokenId}={top.LogProb:R}")));
}
