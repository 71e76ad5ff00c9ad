namespace ParScale.ScalingLaws.Cost;

/// <summary>
/// The arithmetic behind the paper's cost figures, oddities included, so that they can be reproduced: the tool llm-analysis
/// (commit d841e40) with the corrections that the paper's script puts on it. Everything is in 16 bits on an A100 at 0.7 of its
/// arithmetic and 0.9 of its bandwidth, whatever is asked for. For figures of one's own use <see cref="CostModel"/>.
/// </summary>
/// <remarks>
/// What is odd: of the aggregator only the first matrix is counted, at the time that a feed-forward part of its size would take for
/// prompt and output at once; prefixes are no weights; biases are left out; keys and values are moved twice at each step and all steps
/// have the last one's context; the embedding is read whole at each step; a prompt's logits are computed and held for every position.
/// </remarks>
public static class LlmAnalysisCost
{
    private const double Bytes = 2, ReadRate = 2039e9 * 0.9, Operations = 312e12 * 0.7, NormBytes = 4;

    /// <summary>Bytes and seconds of prompts and output.</summary>
    public static (double Bytes, double Seconds) Of(ModelShape shape, int streams, Workload work)
    {
        double prompt = work.Prompt + (streams == 1 ? 0 : shape.PrefixSlots), rows = (double)work.Batch * streams;
        return (MemoryBytes(shape, streams, work, prompt, rows), TotalSeconds(shape, streams, work, prompt, rows));
    }

    private static double MemoryBytes(ModelShape shape, int streams, Workload work, double prompt, double rows)
    {
        double layer = shape.AttentionParameters + shape.FeedForwardParameters + 2 * shape.Hidden;
        double weights = Bytes * (shape.Layers * layer + shape.EmbeddingParameters + shape.Hidden);
        double norms = prompt * rows * shape.Hidden * Bytes;
        double ofLayer = Math.Max(Math.Max(AttentionActivations(shape, rows, prompt), FeedForwardActivations(shape, rows, prompt)), norms);
        double logits = Bytes * shape.Vocabulary * work.Batch * prompt;
        return weights + CacheBytes(shape, rows, prompt + work.Output) + Bytes * Aggregator(shape, streams) + Math.Max(ofLayer, logits);
    }

    private static double TotalSeconds(ModelShape shape, int streams, Workload work, double prompt, double rows)
    {
        double step = PassSeconds(shape, rows, 1) + 2 * CacheBytes(shape, rows, prompt + work.Output) / ReadRate;
        double mixing = Aggregator(shape, streams) / shape.FeedForwardParameters * FeedForwardSeconds(shape, work.Batch, work.Context);
        double headsTooMany = HeadSeconds(shape, rows - work.Batch, work.Context);
        return PassSeconds(shape, rows, prompt) + work.Output * step + mixing - headsTooMany;
    }

    private static double Aggregator(ModelShape shape, int streams) => streams == 1 ? 0 : (shape.Hidden + 1.0) * shape.Hidden * streams;

    private static double CacheBytes(ModelShape shape, double rows, double tokens) =>
        shape.Layers * 2.0 * rows * tokens * shape.HeadSize * shape.KeyValueHeads * Bytes;

    private static double PassSeconds(ModelShape shape, double rows, double tokens)
    {
        double norm = tokens * rows * shape.Hidden * NormBytes / ReadRate;
        double layer = AttentionSeconds(shape, rows, tokens) + FeedForwardSeconds(shape, rows, tokens) + 2 * norm;
        return shape.Layers * layer + Bytes * shape.Vocabulary * shape.Hidden / ReadRate + HeadSeconds(shape, rows, tokens);
    }

    private static double HeadSeconds(ModelShape shape, double rows, double tokens) =>
        2.0 * tokens * rows * shape.Vocabulary * shape.Hidden / Operations;

    private static double AttentionSeconds(ModelShape shape, double rows, double tokens)
    {
        double operations = 2 * rows * tokens * shape.AttentionParameters + 4 * rows * tokens * tokens * shape.Hidden;
        return Slower(operations, shape.AttentionParameters * Bytes + AttentionActivations(shape, rows, tokens));
    }

    private static double FeedForwardSeconds(ModelShape shape, double rows, double tokens) => Slower(
        2 * rows * tokens * shape.FeedForwardParameters, shape.FeedForwardParameters * Bytes + FeedForwardActivations(shape, rows, tokens));

    private static double Slower(double operations, double bytes) => Math.Max(operations / Operations, bytes / ReadRate);

    private static double AttentionActivations(ModelShape shape, double rows, double tokens) =>
        Bytes * tokens * rows * Math.Max(3.0 * shape.Hidden, 2.0 * shape.Hidden + 4.0 * shape.Heads);

    private static double FeedForwardActivations(ModelShape shape, double rows, double tokens) =>
        Bytes * tokens * rows * Math.Max(shape.Hidden, shape.Intermediate);
}
