using System.Runtime.CompilerServices;

namespace ParScale.Generation.Constraints;

/// <summary>A set of byte values.</summary>
[InlineArray(4)]
internal struct ByteSet : IEquatable<ByteSet>
{
    private ulong _bits;

    /// <summary>The bytes from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public static ByteSet Range(int first, int last)
    {
        var set = default(ByteSet);
        for (int value = first; value <= last; value++) set[value >> 6] |= 1UL << value;
        return set;
    }

    /// <summary>The ASCII characters of a text.</summary>
    public static ByteSet Of(string characters)
    {
        var set = default(ByteSet);
        foreach (char c in characters) set[c >> 6] |= 1UL << c;
        return set;
    }

    /// <summary>Bytes that are in either set.</summary>
    public static ByteSet operator |(ByteSet a, ByteSet b)
    {
        for (int i = 0; i < 4; i++) a[i] |= b[i];
        return a;
    }

    /// <summary>Bytes of the first set that are not in the second.</summary>
    public static ByteSet operator -(ByteSet a, ByteSet b)
    {
        for (int i = 0; i < 4; i++) a[i] &= ~b[i];
        return a;
    }

    /// <summary>Whether a byte is in the set.</summary>
    public readonly bool Contains(byte value) => (this[value >> 6] >> value & 1) != 0;

    /// <inheritdoc/>
    public readonly bool Equals(ByteSet other) => this[0] == other[0] && this[1] == other[1] && this[2] == other[2] && this[3] == other[3];

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is ByteSet other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(this[0], this[1], this[2], this[3]);
}
