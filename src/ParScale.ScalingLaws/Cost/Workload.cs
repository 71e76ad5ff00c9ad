namespace ParScale.ScalingLaws.Cost;

/// <summary>What a model is used for. Every number is at least 1.</summary>
/// <param name="Batch">Sequences at the same time.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Output">Tokens that are generated after it.</param>
public sealed record Workload(int Batch, int Prompt, int Output)
{
    /// <summary>Tokens that each sequence has at its end.</summary>
    public int Context => Prompt + Output;
}
