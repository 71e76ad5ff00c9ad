using ParScale.Configuration;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>
/// Records passes: the path of a token as <see cref="ForwardPass"/> has it, in the same order, on the device. A piece of a recording has at
/// most <paramref name="mostProducts"/> multiply-adds, or one command.
/// </summary>
internal sealed class PassRecorder(
    VulkanDevice device, ModelConfig config, DeviceWeights weights, PassScratch scratch, IReadOnlyDictionary<StreamSet, DeviceStreams> sets, int[] halves,
    long mostProducts)
{
    private readonly float _epsilon = (float)config.RmsNormEpsilon;
    private readonly FeedForwardRecorder _feedForward = new(device, config.HiddenSize, scratch);

    /// <summary>Records a pass of a shape.</summary>
    public RecordedPass Record(PassShape shape, StreamGroup[] groups)
    {
        PassSize size = shape.Size;
        var inputs = new PassInputs(size, halves);
        var parts = new PassParts(device, mostProducts);
        try
        {
            Begin(parts.For(0), size, inputs);
            for (int i = 0; i < weights.Layers.Length; i++) Layer(parts, i, shape, inputs);
            if (size.Wanted > 0) End(parts, shape, groups, inputs);
            return new RecordedPass(shape, groups, inputs, parts.All);
        }
        catch
        {
            foreach (Recording part in parts.All) part.Dispose();
            throw;
        }
    }

    /// <summary>Records the logits of mixed states, from a wanted token on.</summary>
    public void Logits(Recording recording, int first, int count)
    {
        var x = new DeviceRows(scratch.Mixed.Buffer.From(RowBytes(scratch.Mixed, first)), scratch.Mixed.Stride);
        var logits = new DeviceRows(scratch.Logits, config.VocabularySize);
        scratch.Product.Run(recording, x, count, (weights.Head, null, logits));
    }

    /// <summary>Records the way of logits to the host, from a row on.</summary>
    public void ShowLogits(Recording recording, int first, int count)
    {
        long row = (long)config.VocabularySize * sizeof(float);
        recording.Copy(scratch.Logits, scratch.HostLogits, count * row, first * row);
    }

    private static long RowBytes(DeviceRows rows, int count) => (long)count * rows.Stride * sizeof(float);

    // The residual stream begins with the embedding of each row's token.
    private void Begin(Recording recording, PassSize size, PassInputs inputs)
    {
        recording.Copy(scratch.HostInputs, scratch.Inputs, inputs.Bytes);
        Elementwise.Embed(device, recording, weights.Embedding, inputs.RowTokens(scratch.Inputs), size.Rows, weights.EmbeddingScale, scratch.Hidden);
    }

    // x += attention(norm(x)); x += mlp(norm(x)), in some families with norms behind both or only there. The last product of a block adds to x; where
    // a norm stands behind the block, the norm that follows does. In layer 0 all streams have the queries, keys and values of their token.
    private void Layer(PassParts parts, int index, PassShape shape, PassInputs inputs)
    {
        (PassScratch s, PassSize size, DeviceLayer layer, bool first) = (scratch, shape.Size, weights.Layers[index], index == 0);
        int rows = first ? size.Tokens : size.Rows;
        Recording recording = parts.For(layer.Heads.Products * rows);
        ProductInput x = s.Product.InputFor(layer.Heads.Weights, s.Normed);
        if (first)
        {
            Elementwise.NormOfRows(
                device, recording, s.Hidden, null, inputs.FirstRows(s.Inputs), rows, config.HiddenSize, layer.InputNorm, _epsilon, x);
        }
        else Norm(recording, weights.Layers[index - 1].FeedForwardOutputNorm, layer.InputNorm, rows, x);
        s.Product.Run(recording, x, rows, (layer.Heads.Weights, layer.Heads.Bias, s.Projected));
        var projections = new Projections(s.Projected, s.Projected.From(layer.Keys), s.Projected.From(layer.Values), Shared: first);
        HeadRules rules = layer.Turn is { } turn ? Turned(layer.Rules, inputs, turn) : layer.Rules;
        // A prompt's piece that nobody wants logits of has left what later ones need.
        bool ends = size.Wanted == 0 && index == weights.Layers.Length - 1, append = shape.OneToken && !ends;
        if (!append) layer.Attention.Append(recording, projections, rules, first ? inputs.TokenRows(s.Inputs) : inputs.Rows(s.Inputs), rows, index, s.Caches);
        if (ends) return;
        ProductInput attended = s.Product.InputFor(layer.Output.Weights, s.Attended);
        if (attended.IsRounded && !layer.Attention.CanRound(attended.GroupSize)) attended = s.Attended;
        // Far into a text a single command would take too long.
        long products = layer.Attention.Products(shape.Reach);
        int most = (int)Math.Clamp(mostProducts / products, 1, size.Rows);
        for (int row = 0; row < size.Rows; row += most)
        {
            int count = Math.Min(most, size.Rows - row);
            layer.Attention.Run(parts.For(products * count), projections, rules, append, inputs.Rows(s.Inputs), row, count, index, [s.Caches], [], attended);
        }
        recording = parts.For(layer.ProductsBehindAttention * size.Rows);
        ResultOf(layer, layer.AttentionOutputNorm).From(s.Product, recording, attended, size.Rows, layer.Output);
        x = _feedForward.InputFor(layer);
        Norm(recording, layer.AttentionOutputNorm, layer.FeedForwardNorm, size.Rows, x);
        _feedForward.Run(recording, layer, x, size.Rows, ResultOf(layer, layer.FeedForwardOutputNorm));
    }

    private BlockResult ResultOf(DeviceLayer layer, DeviceBuffer? behind) =>
        behind is null ? new BlockResult(scratch.Hidden, layer.Factor) : new BlockResult(scratch.Added, null);

    private HeadRules Turned(HeadRules rules, PassInputs inputs, int turn)
    {
        (DeviceBuffer cosine, DeviceBuffer sine) = inputs.Angles(scratch.Inputs, turn);
        return rules with { Cosine = cosine, Sine = sine, Half = inputs.Half(turn) };
    }

    // The norm before a block, and with it that behind the last block, whose result then joins the residual stream.
    private void Norm(Recording recording, DeviceBuffer? behind, DeviceBuffer? before, int rows, ProductInput y)
    {
        (DeviceRows x, DeviceBuffer added) = (scratch.Hidden, scratch.Added.Buffer);
        if (behind is null) Elementwise.Norm(device, recording, x, rows, config.HiddenSize, before, _epsilon, y);
        else Elementwise.AddNormedAndNorm(device, recording, x, added, behind, rows, config.HiddenSize, before, _epsilon, y);
    }

    // The rows of wanted tokens, the P states of each mixed to one, and the first logits or the likeliest tokens of all.
    private void End(PassParts parts, PassShape shape, StreamGroup[] groups, PassInputs inputs)
    {
        (PassScratch s, PassSize size, Recording recording) = (scratch, shape.Size, parts.For(0));
        DeviceBuffer? behind = weights.Layers[^1].FeedForwardOutputNorm;
        Elementwise.NormOfRows(
            device, recording, s.Hidden, behind is null ? null : s.Added.Buffer, inputs.Wanted(s.Inputs), size.WantedRows, config.HiddenSize, weights.FinalNorm,
            _epsilon, s.Final, behind);
        int token = 0, row = 0, weight = 0;
        foreach (StreamGroup group in groups)
        {
            if (group.IsPlain) Take(parts.For(0), group, row, token, weight);
            else Mix(parts, group, inputs, token, weight);
            token += group.Wanted;
            row += group.Rows;
            weight += group.Wanted * group.Set.Count;
        }
        if (shape.Likeliest) Choose(parts, size.Wanted);
        else
        {
            int first = Math.Min(size.Wanted, ForwardPass.MostLogits);
            recording = parts.For(HeadProducts(first));
            Logits(recording, 0, first);
            ShowLogits(recording, 0, first);
        }
        parts.For(0).Copy(s.StreamWeights, s.HostStreamWeights, (long)size.Weights * sizeof(float));
    }

    private long HeadProducts(int tokens) => (long)weights.Head.Rows * weights.Head.Columns * tokens;

    private void Choose(PassParts parts, int wanted)
    {
        for (int first = 0; first < wanted; first += ForwardPass.MostLogits)
        {
            int count = Math.Min(wanted - first, ForwardPass.MostLogits);
            Recording recording = parts.For(HeadProducts(count));
            Logits(recording, first, count);
            scratch.Likeliest!.Choose(recording, scratch.Logits, count, scratch.Lists.From(LikeliestTokens.BytesOf(first)));
        }
        parts.For(0).Copy(scratch.Lists, scratch.HostLists, LikeliestTokens.BytesOf(wanted));
    }

    // States that are the result; of an anchor, all of the weight is its own.
    private void Take(Recording recording, StreamGroup group, int row, int token, int weight)
    {
        PassScratch s = scratch;
        recording.Copy(s.Final.Buffer, s.Mixed.Buffer, RowBytes(s.Final, group.Wanted), RowBytes(s.Final, row), RowBytes(s.Mixed, token));
        if (sets[group.Set].AnchorAlone is not { } alone) return;
        recording.Copy(alone, s.StreamWeights, [.. Enumerable.Range(0, group.Wanted).Select(i => (0L, weight * sizeof(float) + i * alone.Bytes, alone.Bytes))]);
    }

    // So many tokens at a time that their joined states are no more than the rows of a pass.
    private void Mix(PassParts parts, StreamGroup group, PassInputs inputs, int firstToken, int firstWeight)
    {
        (PassScratch s, DeviceStreams set, bool anchored) = (scratch, sets[group.Set], group.Set.IsAnchored);
        int streams = group.Set.Count, hidden = config.HiddenSize, most = ForwardPass.MostRows / streams;
        var joined = new DeviceRows(s.Joined, DeviceRows.Padded(hidden * streams));
        var scores = new DeviceRows(s.Scores, streams);
        for (int first = 0; first < group.Wanted; first += most)
        {
            int tokens = Math.Min(most, group.Wanted - first);
            Recording recording = parts.For((long)hidden * hidden * streams * tokens);
            DeviceBuffer table = anchored ? inputs.Chosen(s.Inputs, firstToken + first) : inputs.Mixed(s.Inputs, firstToken + first);
            var y = new DeviceRows(s.Mixed.Buffer.From(RowBytes(s.Mixed, firstToken + first)), s.Mixed.Stride);
            DeviceBuffer shares = s.StreamWeights.From((firstWeight + (long)first * streams) * sizeof(float));
            Aggregator.Join(device, recording, s.Final, table, tokens, streams, hidden, joined, anchored);
            set.Product!.Run(recording, joined, tokens, (set.Inner!, set.InnerBias, s.Inner));
            Elementwise.Silu(device, recording, s.Inner, tokens, hidden, s.Inner);
            s.Product.Run(recording, s.Inner, tokens, (set.Outer!, set.OuterBias, scores));
            Aggregator.Mix(
                device, recording, scores, s.Final, table, tokens, streams, hidden, (float)group.Set.Config.Smoothing, shares, y, anchored);
        }
    }
}
