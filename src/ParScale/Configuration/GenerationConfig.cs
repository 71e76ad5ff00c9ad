using ParScale.Generation;

namespace ParScale.Configuration;

/// <summary>
/// What a folder's <c>generation_config.json</c> asks of a generation; null where it does not say. A setting of a request comes before
/// it, and a built-in default after it.
/// </summary>
public sealed record GenerationConfig
{
    /// <summary>Asks for nothing.</summary>
    public static GenerationConfig None { get; } = new();

    /// <summary><c>temperature</c>; 0 when <c>do_sample</c> is false.</summary>
    public double? Temperature { get; init; }

    /// <summary><c>top_k</c></summary>
    public int? TopK { get; init; }

    /// <summary><c>top_p</c></summary>
    public double? TopP { get; init; }

    /// <summary><c>min_p</c></summary>
    public double? MinP { get; init; }

    /// <summary><c>repetition_penalty</c></summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary><c>max_new_tokens</c></summary>
    public int? MaxNewTokens { get; init; }

    /// <summary><c>stop_strings</c>; empty when it has none.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>What the file asks for and does not get, one line each.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>Options with what the file says in place of their own values.</summary>
    public GenerationOptions Over(GenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SamplingOptions sampling = options.Sampling;
        return options with
        {
            NamedMost = MaxNewTokens is null ? options.NamedMost : null,
            ImpliedMost = MaxNewTokens ?? options.ImpliedMost,
            Stop = Stop.Count > 0 ? Stop : options.Stop,
            Sampling = sampling with
            {
                Temperature = Temperature ?? sampling.Temperature,
                TopK = TopK ?? sampling.TopK,
                TopP = TopP ?? sampling.TopP,
                MinP = MinP ?? sampling.MinP,
                RepetitionPenalty = RepetitionPenalty ?? sampling.RepetitionPenalty,
            },
        };
    }
}
