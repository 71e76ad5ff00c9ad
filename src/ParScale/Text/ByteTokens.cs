using System.Buffers;

namespace ParScale.Text;

/// <summary>The tokens of single bytes, with which every merge begins.</summary>
internal sealed record ByteTokens
{
    /// <summary>The id of each of the 256 bytes; that of the unknown token where a byte has none of its own.</summary>
    public required int[] Ids { get; init; }

    /// <summary>How many bytes have no token of their own.</summary>
    public int Missing { get; init; }

    /// <summary>The id that stands for bytes without a token; null when every byte has one.</summary>
    public int? UnknownId { get; init; }

    /// <summary>The bytes of which a run becomes a single unknown token; null when each becomes one of its own.</summary>
    public SearchValues<byte>? Fused { get; init; }

    /// <summary>Drops, in place, every byte that would only lengthen a run of unknown ones.</summary>
    public Span<byte> Fuse(Span<byte> word)
    {
        if (Fused is null || !word.ContainsAny(Fused)) return word;
        int kept = 1;
        for (int i = 1; i < word.Length; i++)
            if (!Fused.Contains(word[i]) || !Fused.Contains(word[kept - 1])) word[kept++] = word[i];
        return word[..kept];
    }
}
