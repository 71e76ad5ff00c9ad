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
    /// additive over prefix and tokens, [S, n + S] or [B, 1, S, n + S]; capped: what the layer does to scores before the mask. Returns [P * B, heads, S, D], the anchor's rows first.
    /// </summary>
    public static Tensor Mix(Tensor queries, Tensor keys, Tensor values, (Tensor Keys, Tensor Values) prefix, Tensor mask,
        Func<Tensor, Tensor> capped)
    {
        using var scope = NewDisposeScope();
        long rows = queries.shape[0] / (prefix.Keys.shape[0] + 1), others = queries.shape[0] - rows;
        Tensor OfAnchor(Tensor all) => all.narrow(0, 0, rows);
        Tensor OfHelpers(Tensor all) => all.narrow(0, rows, others);
        Tensor anchor = Anchor(OfAnchor(queries), OfAnchor(keys), OfAnchor(values), mask, prefix.Keys.shape[2], capped);
        Tensor helped = Helpers(OfHelpers(queries), OfHelpers(keys), OfHelpers(values), (OfAnchor(keys), OfAnchor(values)), prefix, mask, capped);
        return cat([anchor, helped], 0).MoveToOuterDisposeScope();
    }

    /// <summary>The anchor's rows alone: queries, keys and values as above with P = 1; the mask begins with <paramref name="slots"/> slots that it does not have.</summary>
    public static Tensor Anchor(Tensor queries, Tensor keys, Tensor values, Tensor mask, long slots, Func<Tensor, Tensor> capped)
    {
        using var scope = NewDisposeScope();
        (long rows, long heads, long length, long size, long keyHeads) = (queries.shape[0], queries.shape[1], queries.shape[2], queries.shape[3], keys.shape[1]);
        Tensor asked = queries.reshape(1, rows, keyHeads, heads / keyHeads * length, size);
        Tensor weights = Scores(asked, keys.unsqueeze(0), heads, capped).Plus(mask.narrow(-1, slots, length)).softmax(-1);
        return Sum(weights, values.unsqueeze(0), keyHeads).view(rows, heads, length, size).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The helpers' rows alone: queries, keys and values of P - 1 streams; <paramref name="seen"/>: the anchor's keys and values, [B, kv heads, S, D].
    /// </summary>
    public static Tensor Helpers(Tensor queries, Tensor keys, Tensor values, (Tensor Keys, Tensor Values) seen, (Tensor Keys, Tensor Values) prefix,
        Tensor mask, Func<Tensor, Tensor> capped)
    {
        using var scope = NewDisposeScope();
        (long helpers, long slots) = (prefix.Keys.shape[0], prefix.Keys.shape[2]);
        (long heads, long length, long size, long keyHeads) = (queries.shape[1], queries.shape[2], queries.shape[3], keys.shape[1]);
        long rows = queries.shape[0] / helpers, group = heads / keyHeads;
        Tensor tokens = mask.narrow(-1, slots, length);
        // [stream, row, kv head, query head of it, S, D]
        Tensor asking = queries.reshape(helpers, rows, keyHeads, group * length, size);
        (Tensor anchorKeys, Tensor anchorValues) = (seen.Keys.unsqueeze(0), seen.Values.unsqueeze(0));
        (Tensor prefixKeys, Tensor prefixValues) = (prefix.Keys.to(keys.dtype).unsqueeze(1), prefix.Values.to(keys.dtype).unsqueeze(1));
        // Of each token its own, for all query heads that share it: [stream, row, kv head, 1, S, D].
        Tensor Own(Tensor ofRows) => ofRows.view(helpers, rows, keyHeads, 1, length, size);
        Tensor own = capped((asking.view(helpers, rows, keyHeads, group, length, size) * Own(keys)).sum(-1)).view(helpers, rows, heads, length, 1);
        Tensor itself = eye(length, dtype: ScalarType.Bool, device: tokens.device);
        Tensor before = Scores(asking, anchorKeys, heads, capped).Plus(tokens).masked_fill(itself, Hidden);
        Tensor weights = cat([Scores(asking, prefixKeys, heads, capped), before, own], -1).softmax(-1);
        Tensor helped = Sum(weights.narrow(-1, 0, slots), prefixValues, keyHeads).Plus(Sum(weights.narrow(-1, slots, length), anchorValues, keyHeads));
        Tensor diagonal = weights.narrow(-1, slots + length, 1).reshape(helpers, rows, keyHeads, group, length, 1) * Own(values);
        helped = helped.Plus(diagonal.view(helpers, rows, keyHeads, group * length, size));
        return helped.view(helpers * rows, heads, length, size).MoveToOuterDisposeScope();
    }

    // [streams, B, heads, S, shown] of queries [streams, B, kv heads, group * S, D].
    private static Tensor Scores(Tensor asked, Tensor shown, long heads, Func<Tensor, Tensor> capped)
    {
        long length = asked.shape[3] * asked.shape[2] / heads;
        return capped(matmul(asked, shown.transpose(-2, -1))).view(asked.shape[0], asked.shape[1], heads, length, shown.shape[^2]);
    }

    private static Tensor Sum(Tensor weights, Tensor shown, long keyHeads) =>
        matmul(weights.reshape(weights.shape[0], weights.shape[1], keyHeads, weights.shape[2] / keyHeads * weights.shape[3], shown.shape[^2]), shown);
}
