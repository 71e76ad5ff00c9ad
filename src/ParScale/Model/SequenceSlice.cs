namespace ParScale.Model;

/// <summary>The new tokens of one sequence in a pass.</summary>
/// <param name="Cache">Its cache, which holds what came before.</param>
/// <param name="Count">How many of the pass's tokens are its own; those of the sequences follow each other.</param>
internal readonly record struct SequenceSlice(KvCache Cache, int Count);
