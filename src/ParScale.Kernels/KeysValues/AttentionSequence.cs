namespace ParScale.Kernels.KeysValues;

/// <summary>One sequence of an attention call.</summary>
/// <param name="Tokens">Keys and values of its tokens, the new ones included; one stream when all streams share them.</param>
/// <param name="Filled">Tokens before the first new one.</param>
/// <param name="Count">New tokens.</param>
internal readonly record struct AttentionSequence(KvBuffer Tokens, int Filled, int Count);
