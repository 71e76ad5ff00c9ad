using System.Globalization;

namespace ParScale.Generation;

/// <summary>
/// How the next token is chosen. Steps run in this order: repetition penalty, presence and frequency penalties, bias, temperature,
/// top-k, top-p, min-p, draw. The defaults leave every filter off.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Always the likeliest token.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 takes the likeliest token. 0 to 100.</summary>
    public double Temperature { get; init; } = 0.8;

    /// <summary>Keeps the k likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the likeliest tokens until their probabilities sum to this. Above 0, at most 1; 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this share as likely as the likeliest. 0 to 1; 0 keeps all.</summary>
    public double MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen before. 0.01 to 100; 1 changes nothing.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from the logits of tokens that were generated before; prompts do not count. -100 to 100; 0 changes nothing.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>The same for each time that a token was generated. -100 to 100; 0 changes nothing.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of tokens by id, -1000 to 1000 each. Null changes nothing.</summary>
    public IReadOnlyDictionary<int, double>? LogitBias { get; init; }

    /// <summary>Start of the random sequence: the same seed gives the same text on the same machine. Null draws a new one each time.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Checks every range.</summary>
    /// <exception cref="ParScaleException">A value is outside its range; the message names it.</exception>
    public void Validate()
    {
        Require(Temperature is >= 0 and <= 100, "temperature", Temperature, "0 to 100");
        Require(TopK >= 0, "top-k", TopK, "0 (off) or more");
        Require(TopP is > 0 and <= 1, "top-p", TopP, "above 0, at most 1");
        Require(MinP is >= 0 and <= 1, "min-p", MinP, "0 to 1");
        Require(PresencePenalty is >= -100 and <= 100, "presence penalty", PresencePenalty, "-100 to 100");
        Require(FrequencyPenalty is >= -100 and <= 100, "frequency penalty", FrequencyPenalty, "-100 to 100");
        foreach (double bias in LogitBias?.Values ?? Enumerable.Empty<double>()) Require(bias is >= -1000 and <= 1000, "a logit bias", bias, "-1000 to 1000");
        Require(RepetitionPenalty is >= 0.01 and <= 100, "repetition penalty", RepetitionPenalty, "0.01 to 100");
    }

    /// <summary>Refuses biases of tokens that a vocabulary of this size does not have.</summary>
    /// <exception cref="ParScaleException">SA-02.</exception>
    internal void RequireVocabulary(int size)
    {
        if (LogitBias?.Keys.FirstOrDefault(token => token < 0 || token >= size, -1) is int outside and not -1)
            throw ParScaleException.Usage("SA-02", $"a logit bias is for token {outside}, which is not in the vocabulary (0 to {size - 1})");
    }

    private static void Require(bool valid, string name, double value, string range)
    {
        if (!valid) throw ParScaleException.Usage("SA-01", string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be {range}"));
    }
}
