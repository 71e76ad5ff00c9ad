using ParScale.Text;
using ParScale.Training.Data.Order;
using ParScale.Training.Data.Shards;

namespace ParScale.Training.Evaluation;

/// <summary>The validation part of a folder of shards, in stored order: every learned token is predicted once.</summary>
internal sealed class HeldOutShards : IHeldOut
{
    private const int RowsCounted = 64;

    private readonly IRowSet _rows;
    private readonly int _context;

    /// <summary>Rows of <paramref name="context"/> tokens.</summary>
    /// <exception cref="ParScaleException">There is nothing to predict.</exception>
    public HeldOutShards(ShardFolder shards, Tokenizer tokenizer, int context)
    {
        _context = context;
        PackedDocuments? whole = shards.Index.Packing == Packing.Whole ? new PackedDocuments(shards.Validation, context, order: null) : null;
        _rows = whole ?? (IRowSet)new WindowRows(shards.Validation, context, first: 0);
        LeftOut = whole?.LeftOut ?? 0;
        foreach (Batch batch in Passes(RowsCounted))
        {
            foreach (long place in batch.Learned ?? []) Characters += CharactersOf(tokenizer, (int)batch.Targets[place]);
            Tokens += batch.Learned?.Count ?? 0;
        }
        if (Tokens > 0 && Characters > 0) return;
        throw new ParScaleException(ErrorKind.BadInput, "TR-06",
            $"the validation part of the shards has nothing to predict with --context {context}; run parscale-train data with --val-fraction or --val-data");
    }

    /// <summary>Documents that are longer than a row.</summary>
    public long LeftOut { get; }

    public long Tokens { get; }

    /// <summary>Characters count where their first byte is; control tokens stand for none.</summary>
    public long Characters { get; }

    public IEnumerable<Batch> Passes(int rows)
    {
        for (long first = 0; first < _rows.Count; first += rows)
        {
            var batch = new Batch((int)Math.Min(rows, _rows.Count - first), _context, packed: true);
            for (int row = 0; row < batch.Rows; row++) _rows.Fill(first + row, batch, row);
            if (batch.Learned?.Count > 0) yield return batch;
        }
    }

    private static int CharactersOf(Tokenizer tokenizer, int id)
    {
        const byte ContinuationMask = 0xC0, Continuation = 0x80;
        int count = 0;
        foreach (byte b in tokenizer.BytesOf(id, skipSpecial: true))
            if ((b & ContinuationMask) != Continuation) count++;
        return count;
    }
}
