using System.Numerics.Tensors;

namespace ParScale.Generation;

/// <summary>Tokens in falling order of their scores, equal ones by token, so that an order is fixed.</summary>
/// <param name="k">How many are found among the scores of a vocabulary.</param>
internal sealed class TopTokens(int k)
{
    // Scores are looked at in blocks, most of which hold none of the likeliest.
    private const int Block = 1024;

    private readonly PriorityQueue<int, (float Score, int Before)> _found = new(k);
    private readonly int[] _tokens = new int[k];
    private readonly float[] _scores = new float[k];

    /// <summary>The tokens that were found last.</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    /// <summary>Their scores.</summary>
    public ReadOnlySpan<float> Scores => _scores;

    /// <summary>Finds those with the k largest of at least k scores, none of which is NaN.</summary>
    public void Find(ReadOnlySpan<float> scores)
    {
        for (int token = 0; token < k; token++) _found.Enqueue(token, (scores[token], -token));
        for (int start = k; start < scores.Length; start += Block)
        {
            ReadOnlySpan<float> block = scores.Slice(start, Math.Min(Block, scores.Length - start));
            if (TensorPrimitives.Max(block) <= scores[_found.Peek()]) continue;
            for (int token = start; token < start + block.Length; token++)
                if (scores[token] > scores[_found.Peek()]) _found.DequeueEnqueue(token, (scores[token], -token));
        }
        for (int i = k - 1; i >= 0; i--)
        {
            _tokens[i] = _found.Dequeue();
            _scores[i] = scores[_tokens[i]];
        }
    }

    /// <summary>Orders a few tokens and their scores, none of which is NaN; the nearer they are to that order, the faster.</summary>
    public static void Order(Span<int> tokens, Span<float> scores)
    {
        for (int i = 1; i < tokens.Length; i++)
        {
            (int token, float score) = (tokens[i], scores[i]);
            int place = i;
            for (; place > 0 && (scores[place - 1] < score || (scores[place - 1] == score && tokens[place - 1] > token)); place--)
                (tokens[place], scores[place]) = (tokens[place - 1], scores[place - 1]);
            (tokens[place], scores[place]) = (token, score);
        }
    }
}
