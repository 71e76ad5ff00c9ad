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
}
