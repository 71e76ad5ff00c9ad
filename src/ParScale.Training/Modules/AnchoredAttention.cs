using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// Attention of an anchor and its helpers in one pass over all positions. The anchor's rows see each other as those of a plain model. A
/// helper at token t sees its prefix, the anchor's keys and values of the tokens before t, and its own at t: of helpers' keys and values
/// only the diagonal is used.
/// </summary>
internal static class AnchoredAttention
{
    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar Hidden = double.NegativeInfinity;

    /// <summary>
    /// queries: [P * B, heads, S, D], times the scale; keys and values: [P * B, kv heads, S, D]; prefixes: [P - 1, kv heads, n, D]; mask:
    /// additive over prefix and tokens, [S, n + S] or [B, 1, S, n + S]. Returns [P * B, heads, S, D], the anchor's rows first.
    /// </summary>
    public static Tensor Mix(Tensor queries, Tensor keys, Tensor values, (Tensor Keys, Tensor Values) prefix, Tensor mask)
    {
        using var scope = NewDisposeScope();
        (long helpers, long slots) = (prefix.Keys.shape[0], prefix.Keys.shape[2]);
        (long heads, long length, long size, long keyHeads) = (queries.shape[1], queries.shape[2], queries.shape[3], keys.shape[1]);
        long rows = queries.shape[0] / (helpers + 1), group = heads / keyHeads;
        Tensor seen = mask.narrow(-1, slots, length);
        // [stream, row, kv head, query head of it, S, D]
        Tensor Queries(long first, long count) => queries.narrow(0, first * rows, count * rows).reshape(count, rows, keyHeads, group * length, size);
        (Tensor anchorKeys, Tensor anchorValues) = (keys.narrow(0, 0, rows).unsqueeze(0), values.narrow(0, 0, rows).unsqueeze(0));

        Tensor Scores(Tensor asked, Tensor shown) => matmul(asked, shown.transpose(-2, -1)).view(asked.shape[0], rows, heads, length, shown.shape[^2]);
        Tensor Sum(Tensor weights, Tensor shown) => matmul(weights.reshape(weights.shape[0], rows, keyHeads, group * length, shown.shape[^2]), shown);
        Tensor anchor = Sum(Scores(Queries(0, 1), anchorKeys).Plus(seen).softmax(-1), anchorValues);

        Tensor asking = Queries(1, helpers);
        (Tensor prefixKeys, Tensor prefixValues) = (prefix.Keys.to(keys.dtype).unsqueeze(1), prefix.Values.to(keys.dtype).unsqueeze(1));
        // Of each token its own, for all query heads that share it: [stream, row, kv head, 1, S, D].
        Tensor Own(Tensor ofRows) => ofRows.narrow(0, rows, helpers * rows).view(helpers, rows, keyHeads, 1, length, size);
        Tensor own = (asking.view(helpers, rows, keyHeads, group, length, size) * Own(keys)).sum(-1).view(helpers, rows, heads, length, 1);
        Tensor itself = eye(length, dtype: ScalarType.Bool, device: seen.device);
        Tensor before = Scores(asking, anchorKeys).Plus(seen).masked_fill(itself, Hidden);
        Tensor weights = cat([Scores(asking, prefixKeys), before, own], -1).softmax(-1);
        Tensor helped = Sum(weights.narrow(-1, 0, slots), prefixValues).Plus(Sum(weights.narrow(-1, slots, length), anchorValues));
        Tensor diagonal = weights.narrow(-1, slots + length, 1).reshape(helpers, rows, keyHeads, group, length, 1) * Own(values);
        helped = helped.Plus(diagonal.view(helpers, rows, keyHeads, group * length, size));
        return cat([anchor, helped], 0).view((helpers + 1) * rows, heads, length, size).MoveToOuterDisposeScope();
    }
}
