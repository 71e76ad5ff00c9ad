using System.Numerics;
using ParScale.Generation;

namespace ParScale.Training.Data.Order;

/// <summary>
/// A random order of 0 .. <paramref name="count"/> - 1 that takes no memory: a Feistel network over an even number of bits, applied again
/// while its result is not below the count (at most three times on average, since the domain is under four times as large).
/// </summary>
internal sealed class Permutation(long count, ulong key)
{
    private const int Rounds = 6;

    private readonly int _half = Math.Max(1, (BitOperations.Log2((ulong)Math.Max(1, count - 1)) + 2) / 2);

    /// <summary>The number at place <paramref name="index"/>.</summary>
    public long At(long index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)index, (ulong)count, nameof(index));
        ulong at = (ulong)index;
        do at = Mix(at);
        while (at >= (ulong)count);
        return (long)at;
    }

    private ulong Mix(ulong value)
    {
        ulong mask = (1UL << _half) - 1;
        (ulong left, ulong right) = (value >> _half, value & mask);
        for (ulong round = 0; round < Rounds; round++)
        {
            ulong random = new SplitMix64(key + (round << 58) ^ right * 0xD1B54A32D192ED03UL).NextUInt64();
            (left, right) = (right, left ^ random & mask);
        }
        return left << _half | right;
    }
}
