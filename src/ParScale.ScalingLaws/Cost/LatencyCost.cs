namespace ParScale.ScalingLaws.Cost;

/// <summary>Seconds that a model takes.</summary>
/// <param name="Prefill">Until all prompts of the batch are read: the time to the first token.</param>
/// <param name="Decode">One decode step of the whole batch, halfway through the output.</param>
/// <param name="Total">Prompts and all output.</param>
/// <param name="ReadShare">Share of that decode step in which reading memory, and not arithmetic, is what is waited for; 0 to 1.</param>
public sealed record LatencyCost(double Prefill, double Decode, double Total, double ReadShare);
