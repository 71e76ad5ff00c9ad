using ParScale.Configuration;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>Every buffer between the weights of a pass, for the largest one: R rows of T tokens, W of them wanted.</summary>
internal sealed class PassScratch : IDisposable
{
    private readonly DeviceBuffers _buffers;

    public PassScratch(VulkanDevice device, ModelConfig config, int[] halves)
    {
        _buffers = new DeviceBuffers(device);
        int rows = ForwardPass.MostRows, hidden = config.HiddenSize, queries = config.AttentionHeads * config.HeadSize, width = DenseWidth(config);
        Product = new MatMul(device, rows, Math.Max(Math.Max(hidden, queries), width));
        Hidden = _buffers.Rows(rows, hidden);
        Normed = _buffers.Rows(rows, hidden);
        Added = _buffers.Rows(rows, hidden);
        Projected = _buffers.Rows(rows, ProjectedWidth(config));
        Attended = _buffers.Rows(rows, queries);
        GateAndUp = _buffers.Rows(rows, 2 * DeviceMatrix.Padded(width));
        Gated = _buffers.Rows(rows, width);
        Experts = config.Layers.Any(layer => layer.FeedForward.Experts is not null) ? new ExpertScratch(device, config) : null;
        Final = _buffers.Rows(rows, hidden);
        // Tokens of P streams have as many rows together as a pass; each token's are filled up.
        Joined = _buffers.Allocate((long)rows * DeviceRows.Padded(hidden) * sizeof(float) + (long)rows * DeviceRows.Multiple * sizeof(float));
        Inner = _buffers.Rows(rows, hidden);
        Scores = _buffers.Allocate(rows * sizeof(float));
        Mixed = _buffers.Rows(rows, hidden);
        Logits = _buffers.Allocate((long)ForwardPass.MostLogits * config.VocabularySize * sizeof(float));
        Likeliest = CanChoose(config) ? new LikeliestTokens(device, config.VocabularySize, ForwardPass.MostLogits) : null;
        Lists = _buffers.Allocate(LikeliestTokens.BytesOf(rows));
        // Of anchored sets these are more than rows: those that rest have one too.
        StreamWeights = _buffers.Allocate(rows * Aggregator.MostStreams * sizeof(float));
        Caches = _buffers.Allocate(1);
        Inputs = _buffers.Allocate(PassInputs.MostBytes(halves));
        HostInputs = _buffers.Allocate(Inputs.Bytes, Place.ToDevice);
        HostLogits = _buffers.Allocate(Logits.Bytes, Place.FromDevice);
        HostLists = _buffers.Allocate(Lists.Bytes, Place.FromDevice);
        HostStreamWeights = _buffers.Allocate(StreamWeights.Bytes, Place.FromDevice);
        // Attention leaves what lies behind its columns as it is, and products need zeros there.
        using Recording clear = device.Record();
        clear.Clear(Attended.Buffer).Submit();
    }

    /// <summary>Products with activations.</summary>
    public MatMul Product { get; }

    /// <summary>[R, H] the residual stream.</summary>
    public DeviceRows Hidden { get; }

    /// <summary>[R, H] after a norm; of tokens in layer 0.</summary>
    public DeviceRows Normed { get; }

    /// <summary>[R, H] what a block with a norm behind it gave, which the next norm adds to the residual stream.</summary>
    public DeviceRows Added { get; }

    /// <summary>[R, A + 2 K] queries, keys and values; of tokens in layer 0.</summary>
    public DeviceRows Projected { get; }

    /// <summary>[R, heads, D]</summary>
    public DeviceRows Attended { get; }

    /// <summary>[R, 2 I]</summary>
    public DeviceRows GateAndUp { get; }

    /// <summary>[R, I]</summary>
    public DeviceRows Gated { get; }

    /// <summary>What experts need; null for a model without.</summary>
    public ExpertScratch? Experts { get; }

    /// <summary>[rows of wanted tokens, H] after the final norm.</summary>
    public DeviceRows Final { get; }

    /// <summary>[tokens, H*P] of one set at a time.</summary>
    public DeviceBuffer Joined { get; }

    /// <summary>[tokens, H] inside the aggregator.</summary>
    public DeviceRows Inner { get; }

    /// <summary>[tokens, P]</summary>
    public DeviceBuffer Scores { get; }

    /// <summary>[W, H] after aggregation.</summary>
    public DeviceRows Mixed { get; }

    /// <summary>[at most MostLogits, V]</summary>
    public DeviceBuffer Logits { get; }

    /// <summary>Chooses the likeliest tokens; null for a model whose logits may come in another order when the host has changed them.</summary>
    public LikeliestTokens? Likeliest { get; }

    /// <summary>[W] lists of the likeliest tokens.</summary>
    public DeviceBuffer Lists { get; }

    /// <summary>P shares for each wanted token; not set where P = 1.</summary>
    public DeviceBuffer StreamWeights { get; }

    /// <summary>Stands for the caches of all sequences, whose addresses come with each run: a recording orders its commands by it.</summary>
    public DeviceBuffer Caches { get; }

    /// <summary>What differs from run to run, as <see cref="PassInputs"/> lays it out.</summary>
    public DeviceBuffer Inputs { get; }

    /// <summary>The same, where the host writes it.</summary>
    public DeviceBuffer HostInputs { get; }

    /// <summary>Logits, where the host reads them.</summary>
    public DeviceBuffer HostLogits { get; }

    /// <summary>Lists, where the host reads them.</summary>
    public DeviceBuffer HostLists { get; }

    /// <summary>Stream weights, where the host reads them.</summary>
    public DeviceBuffer HostStreamWeights { get; }

    /// <summary>Bytes of all that, nearly.</summary>
    public static long BytesFor(ModelConfig config)
    {
        long row = 8L * config.HiddenSize + 3L * DenseWidth(config) + ProjectedWidth(config) + (long)config.AttentionHeads * config.HeadSize;
        long lists = 2 * LikeliestTokens.BytesOf(ForwardPass.MostRows) + (CanChoose(config) ? LikeliestTokens.BytesFor(config.VocabularySize, ForwardPass.MostLogits) : 0);
        return (ForwardPass.MostRows * row + 2L * ForwardPass.MostLogits * config.VocabularySize) * sizeof(float) + lists + ExpertScratch.BytesFor(config);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffers.Dispose();
        Product.Dispose();
        Likeliest?.Dispose();
        Experts?.Dispose();
    }

    // What larger numbers become is not smaller, and finite. A soft cap's hyperbolic tangent is not known to keep the order of neighbours.
    private static bool CanChoose(ModelConfig config) => config.LogitsSoftCap is null && config.LogitsDivisor >= 1;

    // Of the widest block that all rows run through.
    private static int DenseWidth(ModelConfig config) =>
        config.Layers.Max(layer => layer.FeedForward.Experts is { } experts ? experts.SharedWidth : layer.FeedForward.Width);

    private static int ProjectedWidth(ModelConfig config) =>
        DeviceMatrix.Padded(config.AttentionHeads * config.HeadSize) + 2 * DeviceMatrix.Padded(config.KeyValueHeads * config.HeadSize);
}
