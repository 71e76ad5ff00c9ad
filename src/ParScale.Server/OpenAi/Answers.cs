using System.Text;
using ParScale.Generation;
using ParScale.Server.Requests;
using ParScale.Text.Chat.Tools;

namespace ParScale.Server.OpenAi;

/// <summary>What has come of one answer so far.</summary>
internal sealed class CollectedAnswer
{
    private readonly StringBuilder _text = new(), _thinking = new();

    public List<PredictedToken> Predictions { get; } = [];

    public IReadOnlyList<PredictedToken> PromptPredictions { get; private set; } = [];

    /// <summary>Of each token; null for one that the plain model chose while the others rested.</summary>
    public List<float[]?> StreamWeights { get; } = [];

    public List<ToolCall> ToolCalls { get; } = [];

    public GenerationStatistics? Statistics { get; private set; }

    public FinishReason? Finish { get; private set; }

    public string Text => _text.ToString();

    /// <summary>What the model thought first; null when it did not.</summary>
    public string? Thinking => _thinking.Length == 0 ? null : _thinking.ToString();

    public void Add(GeneratedPiece piece)
    {
        _text.Append(piece.Text);
        _thinking.Append(piece.Thinking);
        if (piece.Prediction is not null) Predictions.Add(piece.Prediction);
        if (piece.PromptPredictions is not null) PromptPredictions = piece.PromptPredictions;
        if (piece.TokenId is not null) StreamWeights.Add(piece.StreamWeights);
        if (piece.ToolCalls is not null) ToolCalls.AddRange(piece.ToolCalls);
        Statistics ??= piece.Statistics;
        Finish ??= piece.FinishReason;
    }
}

/// <summary>Facts of a whole request, from those of its answers.</summary>
internal static class Answers
{
    public static string Word(FinishReason reason) => reason switch
    {
        FinishReason.Length => "length",
        FinishReason.ToolCalls => "tool_calls",
        _ => "stop",
    };

    /// <summary>Prompts count once, however many answers they get.</summary>
    public static Usage Usage(GenerationRequest request, IReadOnlyList<GenerationStatistics> statistics) =>
        new(request.Prompts.Sum(prompt => prompt.Length), statistics.Sum(one => one.NewTokens))
        {
            PromptTokensDetails = new PromptTokenDetails(Enumerable.Range(0, request.Prompts.Count)
                .Sum(prompt => statistics.Count > prompt * request.Choices ? statistics[prompt * request.Choices].CachedTokens : 0)),
            CompletionTokensDetails = statistics.Sum(one => one.ThinkingTokens) is > 0 and var thinking ? new CompletionTokenDetails(thinking) : null,
            Streams = request.Set.Count,
            MeanStreams = request.Options.Gate is null || statistics.Count == 0 ? null
                : statistics is [var only] ? only.MeanStreams
                : statistics.Sum(one => one.MeanStreams * one.NewTokens) / Math.Max(1, statistics.Sum(one => one.NewTokens)),
            StreamGate = statistics.Select(one => one.GateScore).FirstOrDefault()?.ToString().ToLowerInvariant(),
            CatchUpTokens = request.Options.Gate is null || request.Set.IsAnchored ? null : statistics.Sum(one => one.CatchUpTokens),
        };

    /// <summary>Times of a request with one answer; null for more.</summary>
    public static Timings? Timings(IReadOnlyList<GenerationStatistics> statistics) => statistics is not [GenerationStatistics one] ? null
        : new Timings(one.CachedTokens, one.PromptTokens - one.CachedTokens, one.Prefill.TotalMilliseconds, one.NewTokens,
            one.Decode.TotalMilliseconds, one.DecodeMillisecondsPerToken, one.TokensPerSecond);

    /// <summary>The weights of a piece's token; null where they were not asked for, and without a token.</summary>
    public static IReadOnlyList<float[]?>? Weights(GenerationRequest request, GeneratedPiece piece) =>
        request.Options.StreamWeights && piece.TokenId is not null ? [piece.StreamWeights] : null;

    public static string NewId(string kind) => $"{kind}-{Guid.NewGuid():N}";
}
