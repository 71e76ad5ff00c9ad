using ParScale.Sampling;

namespace ParScale.Generation;

/// <summary>What to generate and when to stop.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to add. At least 1.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>How each token is chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Texts that end the generation; they are not part of the result.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Goes on after the model's own end-of-text tokens.</summary>
    public bool IgnoreEndOfText { get; init; }

    /// <summary>
    /// Goes on when the model's context is full, with the latter half of the text as the new context. Off, the text ends
    /// there with <see cref="FinishReason.Length"/>.
    /// </summary>
    public bool ContextShift { get; init; }

    /// <summary>Reads special tokens written in the prompt as such. Off, so that text from others cannot forge them.</summary>
    public bool ParseSpecial { get; init; }

    /// <summary>Checks every range.</summary>
    /// <exception cref="ParScaleException">A value is outside its range; the message names it.</exception>
    public void Validate()
    {
        if (MaxNewTokens < 1) throw ParScaleException.Usage("GE-01", $"the number of new tokens is {MaxNewTokens}; it must be at least 1");
        if (Stop.Any(string.IsNullOrEmpty)) throw ParScaleException.Usage("GE-02", "a stop text is empty; leave it out");
        Sampling.Validate();
    }
}
