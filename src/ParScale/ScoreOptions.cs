namespace ParScale;

/// <summary>How a text is scored.</summary>
public sealed record ScoreOptions
{
    /// <summary>Which of the model's resident stream sets runs, by P or by name. Null takes the model's own.</summary>
    public StreamChoice? Streams { get; init; }

    /// <summary>Gives for each token its log-probability and those of so many of the likeliest tokens, 0 to 100. Null gives none.</summary>
    public int? TopLogProbs { get; init; }
}
