using ParScale.Text.Chat.Tools;

namespace ParScale.Generation;

/// <summary>One step of a generation. The pieces' texts, joined, are the result.</summary>
/// <param name="Text">Whole characters that became certain with this step; often empty.</param>
/// <param name="TokenId">The token chosen in this step; null on the last piece, which only closes.</param>
public sealed record GeneratedPiece(string Text, int? TokenId)
{
    /// <summary>
    /// What the model thought before its answer, as it became certain with this step; null where nothing did. It is not in
    /// <see cref="Text"/>, and holds neither marks nor the white space next to them. Only answers to conversations have it.
    /// </summary>
    public string? Thinking { get; init; }

    /// <summary>What the model expected in this step, when <see cref="GenerationOptions.TopLogProbs"/> asks for it.</summary>
    public PredictedToken? Prediction { get; init; }

    /// <summary>
    /// What the model expected in place of each token of the prompt but the first, when
    /// <see cref="GenerationOptions.PromptLogProbs"/> asks for it; set on the first piece.
    /// </summary>
    public IReadOnlyList<PredictedToken>? PromptPredictions { get; init; }

    /// <summary>
    /// [P], with a sum of 1: the aggregator's weight of each stream in the mixed state that predicted this token, when
    /// <see cref="GenerationOptions.StreamWeights"/> asks for it. [1] where P = 1. Null for a token that the
    /// plain model chose because the <see cref="StreamGate"/> of an elastic one was closed.
    /// </summary>
    public float[]? StreamWeights { get; init; }

    /// <summary>Calls of tools that ended with this step, when <see cref="GenerationOptions.Tools"/> offers some; their text is not in <see cref="Text"/>.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary>Set on the last piece.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>Set on the last piece.</summary>
    public GenerationStatistics? Statistics { get; init; }
}
