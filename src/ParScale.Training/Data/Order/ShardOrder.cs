using ParScale.Generation;
using ParScale.Training.Data.Shards;

namespace ParScale.Training.Data.Order;

/// <summary>
/// The rows of a folder of shards. Every epoch visits all of them once, in a new order; rows that are cut begin at a new token in each.
/// Memory does not grow with the tokens (rows of whole documents take eight bytes a document).
/// </summary>
internal sealed class ShardOrder : IRowOrder
{
    private readonly TokenSplit _split;
    private readonly int _context;
    private readonly ulong _seed;
    private readonly PackedDocuments? _packed;
    private readonly long _rowsPerEpoch;
    private IRowSet _rows;
    private Permutation _order;
    private long _epoch = -1;

    /// <exception cref="ParScaleException">There is not one row: too few tokens, or all documents are too long.</exception>
    public ShardOrder(TokenSplit split, Packing packing, int context, long seed)
    {
        (_split, _context, _seed) = (split, context, (ulong)seed);
        if (packing == Packing.Whole)
        {
            _packed = new PackedDocuments(split, context, new Permutation(split.Documents, _seed * 0x9E3779B97F4A7C15UL - 1));
            _rowsPerEpoch = _packed.Count;
            if (_rowsPerEpoch == 0)
            {
                throw new ParScaleException(ErrorKind.BadInput, "TD-06",
                    $"0 usable documents of {split.Documents}: all are longer than --context {context}; raise it");
            }
        }
        else
        {
            // One window less than fits, so that every offset below one window has room.
            _rowsPerEpoch = (split.Tokens - 1) / context - 1;
            if (_rowsPerEpoch < 1)
            {
                throw new ParScaleException(ErrorKind.BadInput, "TR-05",
                    $"the shards have only {split.Tokens} tokens for training; --context {context} needs more than {2L * context}");
            }
        }
        (_rows, _order) = Epoch(0);
    }

    /// <summary>Documents that are longer than a row and never seen.</summary>
    public long LeftOut => _packed?.LeftOut ?? 0;

    public Batch Rows(long first, int count)
    {
        var batch = new Batch(count, _context, packed: true);
        for (int i = 0; i < count; i++)
        {
            (long epoch, long row) = Math.DivRem(first + i, _rowsPerEpoch);
            if (epoch != _epoch) (_rows, _order) = Epoch(epoch);
            _rows.Fill(_order.At(row), batch, i);
        }
        return batch;
    }

    private (IRowSet Rows, Permutation Order) Epoch(long epoch)
    {
        _epoch = epoch;
        var random = new SplitMix64(_seed * 0x9E3779B97F4A7C15UL + (ulong)epoch);
        IRowSet rows = _packed ?? (IRowSet)new WindowRows(_split, _context, (long)(random.NextUInt64() % (ulong)_context));
        return (rows, new Permutation(_rowsPerEpoch, random.NextUInt64()));
    }
}
