namespace ParScale;

/// <summary>What a model expects after each of a row of tokens.</summary>
/// <param name="Argmax">The likeliest next token after each position.</param>
/// <param name="Last">Logits [V] after the last position.</param>
public sealed record LogitsResult(int[] Argmax, float[] Last);
