using System.Numerics;

namespace ParScale.Text.Bpe;

/// <summary>What a pair of neighbouring tokens joins to.</summary>
/// <param name="Rank">Its place in the file's list; lower ranks are joined first.</param>
/// <param name="Id">The token id that replaces the pair.</param>
internal readonly record struct Merge(int Rank, int Id);

/// <summary>Merges by pair of token ids: an open-addressed hash table, filled once and then only read.</summary>
internal sealed class MergeTable
{
    private readonly ulong[] _pairs;
    private readonly Merge[] _merges;
    private readonly int _shift;

    /// <summary>An empty table with room for <paramref name="count"/> pairs.</summary>
    public MergeTable(int count)
    {
        int capacity = (int)BitOperations.RoundUpToPowerOf2((uint)(2 * count + 2));
        _shift = 64 - BitOperations.Log2((uint)capacity);
        _pairs = new ulong[capacity];
        _merges = new Merge[capacity];
        Array.Fill(_merges, NoMerge);
    }

    /// <summary>The answer for a pair that does not join.</summary>
    public static Merge NoMerge { get; } = new(int.MaxValue, -1);

    /// <summary>Sets what a pair joins to; a pair set twice keeps the last.</summary>
    public void Set(int left, int right, Merge merge)
    {
        int slot = SlotOf(Pair(left, right));
        _pairs[slot] = Pair(left, right);
        _merges[slot] = merge;
    }

    /// <summary>What a pair joins to, or <see cref="NoMerge"/>.</summary>
    public Merge Find(int left, int right) => _merges[SlotOf(Pair(left, right))];

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    // The pair's slot, or the free one where it would go; half of the slots are always free.
    private int SlotOf(ulong pair)
    {
        int slot = (int)(unchecked(pair * 0x9E3779B97F4A7C15UL) >> _shift);
        while (_pairs[slot] != pair && _merges[slot].Id >= 0) slot = (slot + 1) & (_pairs.Length - 1);
        return slot;
    }
}
