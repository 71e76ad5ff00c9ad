namespace ParScale.Generation;

/// <summary>Figures of one generation.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="NewTokens">Tokens chosen, an end-of-text token included.</param>
/// <param name="Prefill">Time until the prompt was read.</param>
/// <param name="Decode">Time from then to the last token; steps that served other requests too count whole.</param>
/// <param name="DecodeSteps">Forward passes of one token in <paramref name="Decode"/>; the first new token needs none.</param>
public sealed record GenerationStatistics(int PromptTokens, int NewTokens, TimeSpan Prefill, TimeSpan Decode, int DecodeSteps)
{
    /// <summary>Tokens of the prompt whose keys and values were taken from an earlier sequence.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Of the new tokens, those of the thinking, its marks included; 0 where it was not told apart.</summary>
    public int ThinkingTokens { get; init; }

    /// <summary>P.</summary>
    public int Streams { get; init; }

    /// <summary>Streams that ran for a chosen token, the mean over all of them: P, or fewer with a <see cref="StreamGate"/>.</summary>
    public double MeanStreams { get; init; }

    /// <summary>
    /// Tokens that all streams of an elastic model read when its <see cref="StreamGate"/> opened, those of the prompt included: P rows each, beside
    /// the one of the plain model that every token has. 0 without a gate, and with an anchored model.
    /// </summary>
    public int CatchUpTokens { get; init; }

    /// <summary>What the <see cref="StreamGate"/> looked at; null without one.</summary>
    public GateScore? GateScore { get; init; }

    /// <summary>Mean time of a decode step in milliseconds; 0 when there was none.</summary>
    public double DecodeMillisecondsPerToken => DecodeSteps == 0 ? 0 : Decode.TotalMilliseconds / DecodeSteps;

    /// <summary>Decode steps per second; 0 when there was none.</summary>
    public double TokensPerSecond => DecodeSteps == 0 ? 0 : DecodeSteps / Decode.TotalSeconds;
}
