using System.Numerics.Tensors;
using ParScale.Kernels.Elementwise;

namespace ParScale.Generation;

/// <summary>
/// What the model expected where a token came: probabilities of the softmax over all logits, before temperature, filters and
/// penalties.
/// </summary>
/// <param name="TokenId">The token that came.</param>
/// <param name="LogProb">The natural logarithm of its probability.</param>
/// <param name="Top">The likeliest tokens, the likeliest first, equal ones by id; as many as were asked for.</param>
public sealed record PredictedToken(int TokenId, double LogProb, IReadOnlyList<TokenLogProb> Top)
{
    /// <summary>Most of the likeliest tokens that can be asked for.</summary>
    public const int MostTop = 100;

    // Logits are looked at in blocks, most of which hold none of the likeliest.
    private const int Block = 1024;

    /// <summary>Reads one token's probability and the likeliest ones off the logits [V], without a copy of them.</summary>
    internal static PredictedToken Of(ReadOnlySpan<float> logits, int token, int top)
    {
        double sum = Softmax.LogSumExp(logits);
        return new PredictedToken(token, logits[token] - sum, Likeliest(logits, Math.Min(top, logits.Length), sum));
    }

    /// <summary>Refuses a number of likeliest tokens that is out of range.</summary>
    /// <exception cref="ParScaleException">GE-05.</exception>
    internal static void CheckTop(int? top)
    {
        if (top is < 0 or > MostTop) throw ParScaleException.Usage("GE-05", $"the number of most likely tokens is {top}; it must be 0 to {MostTop}");
    }

    private static TokenLogProb[] Likeliest(ReadOnlySpan<float> logits, int count, double sum)
    {
        if (count == 0) return [];
        var ids = new int[count];
        int found = 0;
        for (int start = 0; start < logits.Length; start += Block)
        {
            ReadOnlySpan<float> block = logits.Slice(start, Math.Min(Block, logits.Length - start));
            if (found == count && TensorPrimitives.Max(block) <= logits[ids[^1]]) continue;
            for (int i = start; i < start + block.Length; i++)
            {
                if (found == count && logits[i] <= logits[ids[^1]]) continue;
                int place = found < count ? found++ : count - 1;
                for (; place > 0 && logits[ids[place - 1]] < logits[i]; place--) ids[place] = ids[place - 1];
                ids[place] = i;
            }
        }
        var likeliest = new TokenLogProb[count];
        for (int i = 0; i < count; i++) likeliest[i] = new TokenLogProb(ids[i], logits[ids[i]] - sum);
        return likeliest;
    }
}
