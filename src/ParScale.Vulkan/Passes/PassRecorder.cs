using ParScale.Configuration;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>
/// Records passes: the path of a token as <see cref="ForwardPass"/> has it, in the same order, on the device. A piece of a recording has at
/// most <paramref name="mostProducts"/> multiply-adds, or one layer.
/// </summary>
internal sealed class PassRecorder(
    VulkanDevice device, ModelConfig config, DeviceWeights weights, PassScratch scratch, IReadOnlyDictionary<StreamSet, DeviceStreams> sets, int[] halves,
    long mostProducts)
{
    private readonly float _epsilon = (float)config.RmsNormEpsilon;

    /// <summary>Records a pass of a shape.</summary>
    public RecordedPass Record(PassSize size, StreamGroup[] groups)
    {
        var inputs = new PassInputs(size, halves);
        var parts = new List<Recording> { device.Record() };
        try
        {
            long products = 0;
            Begin(parts[^1], size, inputs);
            for (int i = 0; i < weights.Layers.Length; i++)
            {
                long own = weights.Layers[i].Products * size.Rows;
                if (products > 0 && products + own > mostProducts)
                {
                    parts.Add(device.Record());
                    products = 0;
                }
                products += own;
                Layer(parts[^1], i, size, inputs);
            }
            if (size.Wanted > 0) End(parts[^1], size, groups, inputs);
            return new RecordedPass(size, groups, inputs, parts);
        }
        catch
        {
            foreach (Recording part in parts) part.Dispose();
            throw;
        }
    }

    /// <summary>Records the logits of mixed states, from a wanted token on, and their way to the host.</summary>
    public void Logits(Recording recording, int first, int count)
    {
        var x = new DeviceRows(scratch.Mixed.Buffer.From(RowBytes(scratch.Mixed, first)), scratch.Mixed.Stride);
        var logits = new DeviceRows(scratch.Logits, config.VocabularySize);
        scratch.Product.Run(recording, x, count, (weights.Head, null, logits));
        recording.Copy(scratch.Logits, scratch.HostLogits, (long)count * config.VocabularySize * sizeof(float));
    }

    private static long RowBytes(DeviceRows rows, int count) => (long)count * rows.Stride * sizeof(float);

    // Layer 0 reads the embedding of each token; the residual stream begins with that of each row.
    private void Begin(Recording recording, PassSize size, PassInputs inputs)
    {
        recording.Copy(scratch.HostInputs, scratch.Inputs, inputs.Bytes);
        Elementwise.Embed(device, recording, weights.Embedding, inputs.Tokens(scratch.Inputs), size.Tokens, weights.EmbeddingScale, scratch.Embedded);
        Elementwise.Embed(device, recording, weights.Embedding, inputs.RowTokens(scratch.Inputs), size.Rows, weights.EmbeddingScale, scratch.Hidden);
    }

    // x += attention(norm(x)); x += mlp(norm(x)), in some families with norms behind both: what a block adds is added by the norm that follows it.
    private void Layer(Recording recording, int index, PassSize size, PassInputs inputs)
    {
        DeviceLayer layer = weights.Layers[index];
        PassScratch s = scratch;
        bool first = index == 0;
        if (first) Elementwise.Norm(device, recording, s.Embedded, size.Tokens, config.HiddenSize, layer.InputNorm, _epsilon, s.Normed);
        else AddAndNorm(recording, weights.Layers[index - 1].FeedForwardOutputNorm, size.Rows, layer.InputNorm);
        int rows = first ? size.Tokens : size.Rows;
        s.Product.Run(recording, s.Normed, rows, Of(layer.Query, s.Query), Of(layer.Key, s.Key), Of(layer.Value, s.Value));
        var projections = new Projections(s.Query, s.Key, s.Value, Shared: first);
        HeadRules rules = layer.Turn is { } turn ? Turned(inputs, turn) : new HeadRules();
        layer.Attention.Append(recording, projections, rules, first ? inputs.TokenRows(s.Inputs) : inputs.Rows(s.Inputs), rows, index, [s.Caches]);
        // A prompt's piece that nobody wants logits of has left what later ones need.
        if (size.Wanted == 0 && index == weights.Layers.Length - 1) return;
        layer.Attention.Run(
            recording, projections, rules, append: false, inputs.Rows(s.Inputs), size.Rows, index, [s.Caches], [], s.Attended);
        s.Product.Run(recording, s.Attended, size.Rows, Of(layer.Output, s.Added));
        AddAndNorm(recording, layer.AttentionOutputNorm, size.Rows, layer.FeedForwardNorm);
        s.Product.Run(recording, s.Normed, size.Rows, Of(layer.Gate, s.Gate), Of(layer.Up, s.Up));
        Elementwise.Gate(device, recording, layer.Activation, s.Gate, s.Up, size.Rows, layer.Gate.Weights.Rows, s.Gate);
        s.Product.Run(recording, s.Gate, size.Rows, Of(layer.Down, s.Added));
    }

    private HeadRules Turned(PassInputs inputs, int turn)
    {
        (DeviceBuffer cosine, DeviceBuffer sine) = inputs.Angles(scratch.Inputs, turn);
        return new HeadRules { Cosine = cosine, Sine = sine, Half = inputs.Half(turn) };
    }

    // What the last block gave, with the norm behind it where there is one, joins the residual stream; then the norm before the next.
    private void AddAndNorm(Recording recording, DeviceBuffer? behind, int rows, DeviceBuffer before)
    {
        (DeviceRows x, DeviceBuffer added, DeviceRows y) = (scratch.Hidden, scratch.Added.Buffer, scratch.Normed);
        if (behind is null) Elementwise.AddAndNorm(device, recording, x, added, rows, config.HiddenSize, before, _epsilon, y);
        else Elementwise.AddNormedAndNorm(device, recording, x, added, behind, rows, config.HiddenSize, before, _epsilon, y);
    }

    // The rows of wanted tokens, the P states of each mixed to one, and the first logits.
    private void End(Recording recording, PassSize size, StreamGroup[] groups, PassInputs inputs)
    {
        PassScratch s = scratch;
        Elementwise.NormOfRows(
            device, recording, s.Hidden, s.Added.Buffer, inputs.Wanted(s.Inputs), size.WantedRows, config.HiddenSize, weights.FinalNorm, _epsilon, s.Final,
            weights.Layers[^1].FeedForwardOutputNorm);
        int token = 0, row = 0, weight = 0;
        foreach ((StreamSet set, int wanted) in groups)
        {
            if (set.Count == 1) recording.Copy(s.Final.Buffer, s.Mixed.Buffer, RowBytes(s.Final, wanted), RowBytes(s.Final, row), RowBytes(s.Mixed, token));
            else Mix(recording, sets[set], wanted, inputs.Mixed(s.Inputs, token), s.StreamWeights.From((long)weight * sizeof(float)), token);
            token += wanted;
            row += wanted * set.Count;
            weight += wanted * set.Count;
        }
        Logits(recording, 0, Math.Min(size.Wanted, ForwardPass.MostLogits));
        recording.Copy(s.StreamWeights, s.HostStreamWeights, (long)size.Weights * sizeof(float));
    }

    private void Mix(Recording recording, DeviceStreams set, int tokens, DeviceBuffer table, DeviceBuffer shares, int firstToken)
    {
        PassScratch s = scratch;
        int streams = set.Set.Count, hidden = config.HiddenSize;
        var joined = new DeviceRows(s.Joined, DeviceRows.Padded(hidden * streams));
        var scores = new DeviceRows(s.Scores, streams);
        var y = new DeviceRows(s.Mixed.Buffer.From(RowBytes(s.Mixed, firstToken)), s.Mixed.Stride);
        Aggregator.Join(device, recording, s.Final, table, tokens, streams, hidden, joined);
        set.Product!.Run(recording, joined, tokens, (set.Inner!, set.InnerBias, s.Inner));
        Elementwise.Silu(device, recording, s.Inner, tokens, hidden, s.Inner);
        s.Product.Run(recording, s.Inner, tokens, (set.Outer!, set.OuterBias, scores));
        Aggregator.Mix(device, recording, scores, s.Final, table, tokens, streams, hidden, (float)set.Set.Config.Smoothing, shares, y);
    }

    private static (DeviceMatrix, DeviceBuffer?, DeviceRows) Of(DeviceLinear linear, DeviceRows y) => (linear.Weights, linear.Bias, y);
}
