namespace ParScale.Generation;

/// <summary>A set of tokens of one vocabulary: those that may come next.</summary>
/// <param name="vocabularySize">Number of tokens V.</param>
public sealed class TokenMask(int vocabularySize)
{
    private readonly ulong[] _bits = new ulong[(vocabularySize + 63) / 64];

    /// <summary>Whether no token is in the set.</summary>
    public bool IsEmpty => !_bits.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>Puts a token into the set.</summary>
    public void Add(int token) => _bits[token >> 6] |= 1UL << token;

    /// <summary>Takes a token out of the set.</summary>
    public void Remove(int token) => _bits[token >> 6] &= ~(1UL << token);

    /// <summary>Puts all tokens into the set.</summary>
    public void AddAll()
    {
        _bits.AsSpan().Fill(ulong.MaxValue);
        if (vocabularySize % 64 != 0) _bits[^1] = (1UL << (vocabularySize % 64)) - 1;
    }

    /// <summary>Whether the set has a token.</summary>
    public bool Contains(int token) => (_bits[token >> 6] >> token & 1) != 0;

    /// <summary>Makes this set equal to another of the same vocabulary.</summary>
    public void CopyFrom(TokenMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other._bits.CopyTo(_bits, 0);
    }

    /// <summary>Gives every token outside the set the score minus infinity. scores: [V].</summary>
    public void Exclude(Span<float> scores)
    {
        for (int word = 0; word < _bits.Length; word++)
        {
            if (_bits[word] == ulong.MaxValue) continue;
            int end = Math.Min(scores.Length, (word + 1) * 64);
            for (int token = word * 64; token < end; token++)
                if (!Contains(token)) scores[token] = float.NegativeInfinity;
        }
    }
}
