using ParScale.Generation;
using ParScale.Training.Data.Order;

namespace ParScale.Training.Data;

/// <summary>
/// The rows of a plain text, which are its windows. Every epoch cuts the text at a new offset and visits all windows once, in a new
/// order.
/// </summary>
internal sealed class DataOrder : IRowOrder
{
    private readonly int[] _tokens;
    private readonly int _context;
    private readonly ulong _seed;
    private readonly int _windowsPerEpoch;
    private long _epoch = -1;
    private int _offset;
    private int[] _order = [];

    /// <summary>Windows of <paramref name="context"/> + 1 tokens, so that each token has its successor.</summary>
    /// <exception cref="ParScaleException">The text is shorter than two windows.</exception>
    public DataOrder(int[] tokens, int context, long seed)
    {
        _tokens = tokens;
        _context = context;
        _seed = (ulong)seed;
        // One window less than fits, so that every offset below one window has room.
        _windowsPerEpoch = (tokens.Length - 1) / context - 1;
        if (_windowsPerEpoch < 1)
        {
            throw new ParScaleException(ErrorKind.BadInput, "TR-05",
                $"the training text has only {tokens.Length} tokens; --context {context} needs more than {2L * context}");
        }
    }

    public Batch Rows(long first, int count)
    {
        var batch = new Batch(count, _context, packed: false);
        for (int row = 0; row < count; row++)
        {
            PrepareEpoch((first + row) / _windowsPerEpoch);
            int start = _offset + _order[(int)((first + row) % _windowsPerEpoch)] * _context;
            for (int i = 0; i < _context; i++)
                (batch.Inputs[row * _context + i], batch.Targets[row * _context + i]) = (_tokens[start + i], _tokens[start + i + 1]);
        }
        return batch;
    }

    private void PrepareEpoch(long epoch)
    {
        if (epoch == _epoch) return;
        var random = new SplitMix64(_seed * 0x9E3779B97F4A7C15UL + (ulong)epoch);
        _offset = (int)(random.NextUInt64() % (ulong)_context);
        _order = [.. Enumerable.Range(0, _windowsPerEpoch)];
        for (int i = _order.Length - 1; i > 0; i--)
        {
            int other = (int)(random.NextUInt64() % (ulong)(i + 1));
            (_order[i], _order[other]) = (_order[other], _order[i]);
        }
        _epoch = epoch;
    }
}
