namespace ParScale.Training.Data.Order;

/// <summary>
/// Rows of <paramref name="context"/> tokens, one after the other, with what follows each token. Packed rows tell how far each token is
/// from the first of its document, and which successors are learned.
/// </summary>
internal sealed class Batch(int rows, int context, bool packed)
{
    public int Rows { get; } = rows;

    public int Context { get; } = context;

    /// <summary>Token ids, [rows, context].</summary>
    public long[] Inputs { get; } = new long[rows * context];

    /// <summary>The token after each input; 0 where it is not learned.</summary>
    public long[] Targets { get; } = new long[rows * context];

    /// <summary>Distance of each input from the first token of its document, [rows, context]; null when every row is one text.</summary>
    public long[]? Offsets { get; } = packed ? new long[rows * context] : null;

    /// <summary>Indices into <see cref="Targets"/> of those that are learned; null: all are.</summary>
    public List<long>? Learned { get; } = packed ? [] : null;

    /// <summary>How many targets are learned.</summary>
    public int LearnedTokens => Learned?.Count ?? Targets.Length;

    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> - 1 as a batch of their own.</summary>
    public Batch Part(int first, int count)
    {
        if (count == Rows) return this;
        var part = new Batch(count, Context, Learned is not null);
        (int start, int length) = (first * Context, count * Context);
        Inputs.AsSpan(start, length).CopyTo(part.Inputs);
        Targets.AsSpan(start, length).CopyTo(part.Targets);
        Offsets?.AsSpan(start, length).CopyTo(part.Offsets);
        part.Learned?.AddRange((Learned ?? []).Where(place => place >= start && place < start + length).Select(place => place - start));
        return part;
    }
}
