using ParScale.Sampling;

namespace ParScale.Training.Data;

/// <summary>
/// Which windows of the text make up step n. Every epoch cuts the text at a new offset and visits all windows once, in a
/// new order. The order is a function of seed and step alone: it is the same for every P, and resuming needs no state.
/// </summary>
internal sealed class DataOrder
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

    /// <summary>The rows of step <paramref name="step"/> (from 0), one after the other, context + 1 tokens each.</summary>
    public long[] Batch(long step, int rows)
    {
        int width = _context + 1;
        long[] batch = new long[rows * width];
        for (int row = 0; row < rows; row++)
        {
            long index = step * rows + row;
            PrepareEpoch(index / _windowsPerEpoch);
            int start = _offset + _order[(int)(index % _windowsPerEpoch)] * _context;
            for (int i = 0; i < width; i++) batch[row * width + i] = _tokens[start + i];
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
