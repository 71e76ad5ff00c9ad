namespace ParScale.Generation;

/// <summary>
/// The tokens still in play and their weights, the likeliest having weight 1. Filters order only as many of them as they
/// keep, so that a vocabulary of 150,000 costs no full sort.
/// </summary>
/// <param name="most">Most tokens.</param>
internal sealed class Candidates(int most)
{
    private readonly int[] _tokens = new int[most];
    private readonly double[] _weights = new double[most];
    private int _count;

    // The first _ordered candidates are the likeliest, in falling order; the others are in no order.
    private int _ordered;

    /// <summary>All tokens, with weight exp((score - best) / temperature).</summary>
    public void Fill(ReadOnlySpan<float> scores, double temperature)
    {
        double best = double.NegativeInfinity;
        foreach (float score in scores) best = Math.Max(best, score);
        _count = scores.Length;
        _ordered = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            _tokens[i] = i;
            _weights[i] = Math.Exp((scores[i] - best) / temperature);
        }
    }

    /// <summary>The tokens that top-k left, in falling order of their scores: the same as of all tokens, whatever the others are.</summary>
    public void Fill(ReadOnlySpan<int> tokens, ReadOnlySpan<float> scores, double temperature)
    {
        double best = scores[0];
        tokens.CopyTo(_tokens);
        _count = _ordered = tokens.Length;
        for (int i = 0; i < scores.Length; i++) _weights[i] = Math.Exp((scores[i] - best) / temperature);
    }

    /// <summary>Top-p: the fewest likeliest tokens whose share of the weight reaches <paramref name="share"/>; at least one.</summary>
    public void KeepMass(double share)
    {
        double goal = share * Total(), sum = 0;
        int kept = 0;
        while (kept < _count && sum < goal)
        {
            if (kept == _ordered) Order(Math.Min(_count, 2 * kept + 16));
            sum += _weights[kept++];
        }
        _count = Math.Max(kept, 1);
    }

    /// <summary>Min-p: drops what is less than <paramref name="share"/> times as likely as the likeliest.</summary>
    public void KeepAtLeast(double share)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_weights[i] < share) continue;
            (_tokens[kept], _weights[kept]) = (_tokens[i], _weights[i]);
            kept++;
        }
        _count = kept;
    }

    /// <summary>The token where the cumulative share of the weights passes <paramref name="u"/>, 0 to 1.</summary>
    public int At(double u)
    {
        double goal = u * Total(), sum = 0;
        for (int i = 0; i < _count; i++)
        {
            sum += _weights[i];
            if (sum > goal) return _tokens[i];
        }
        return _tokens[_count - 1];
    }

    private double Total()
    {
        double total = 0;
        for (int i = 0; i < _count; i++) total += _weights[i];
        return total;
    }

    // Brings the n likeliest to the front in falling order; equal weights by token, so that the outcome is fixed.
    private void Order(int n)
    {
        var heap = new PriorityQueue<int, (double Weight, int Token)>(n + 1);
        for (int i = 0; i < _count; i++)
        {
            heap.Enqueue(i, (_weights[i], -_tokens[i]));
            if (heap.Count > n) heap.Dequeue();
        }
        var front = new (int Token, double Weight)[heap.Count];
        var taken = new bool[_count];
        for (int i = front.Length - 1; i >= 0; i--)
        {
            int index = heap.Dequeue();
            front[i] = (_tokens[index], _weights[index]);
            taken[index] = true;
        }
        for (int from = _count - 1, to = _count - 1; from >= 0; from--)
        {
            if (taken[from]) continue;
            (_tokens[to], _weights[to]) = (_tokens[from], _weights[from]);
            to--;
        }
        for (int i = 0; i < front.Length; i++) (_tokens[i], _weights[i]) = front[i];
        _ordered = front.Length;
    }
}
