namespace ParScale.Kernels.KeysValues;

/// <summary>The sizes of one attention call.</summary>
/// <param name="Streams">P.</param>
/// <param name="Tokens">T: new tokens of all sequences together, per stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; each serves Heads / KeyValueHeads query heads.</param>
/// <param name="HeadSize">D.</param>
internal readonly record struct AttentionShape(int Streams, int Tokens, int Heads, int KeyValueHeads, int HeadSize);
