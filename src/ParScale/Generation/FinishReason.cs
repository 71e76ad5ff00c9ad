namespace ParScale.Generation;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended the text, or a stop text appeared.</summary>
    Stop,

    /// <summary>The number of tokens asked for, or the model's context, is used up.</summary>
    Length,

    /// <summary>The model ended the text, and called tools in it (<see cref="GeneratedPiece.ToolCalls"/>).</summary>
    ToolCalls,
}
