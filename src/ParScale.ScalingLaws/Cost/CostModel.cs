using ParScale.Kernels.Formats;

namespace ParScale.ScalingLaws.Cost;

/// <summary>
/// Memory and time of a model by a roofline: every part of a pass takes as long as its reading or its multiply-adds, whichever
/// is longer, and on processors somewhat more (<see cref="Device.Overlap"/>). Weights are read once for all streams and sequences; multiply-adds and keys and values are paid by each.
/// </summary>
public static class CostModel
{
    private const double BitsPerByte = 8, FloatBytes = 4;

    // Rows of H values that a pass holds beside the two of the feed-forward part: residual, normed, query, key and value, attended, joined.
    private const double HeldRows = 6;

    /// <summary>Bytes of the model at the end of its output.</summary>
    public static MemoryCost Memory(CostQuery query)
    {
        ModelShape shape = query.Shape;
        double bytes = FormatSizes.BitsPerWeight(query.Weights) / BitsPerByte;
        double table = FormatSizes.BitsPerWeight(FormatSizes.TableFormat(query.Weights)) / BitsPerByte;
        double layers = shape.Layers * (shape.AttentionParameters + shape.FeedForwardParameters) + shape.IdleParameters;
        double rows = Math.Min(Math.Max(query.Device.PassRows, query.Streams), PromptRows(query));
        return new MemoryCost(
            Weights: layers * bytes + shape.EmbeddingParameters * table + shape.VectorParameters * FloatBytes,
            Prefixes: PrefixBytes(query),
            Aggregator: shape.AggregatorParameters(query.Streams) * bytes,
            Cache: CacheBytes(query, query.Work.Context) * query.Work.Batch,
            Activations: FloatBytes * (rows * (HeldRows * shape.Hidden + 2.0 * shape.Intermediate) + (double)query.Work.Batch * shape.Vocabulary),
            Runtime: query.Device.RuntimeBytes);
    }

    /// <summary>Seconds of prompts and output.</summary>
    public static LatencyCost Latency(CostQuery query)
    {
        double prefill = PrefillSeconds(query);
        (double decode, double readShare) = Decode(query, query.Work.Prompt + query.Work.Output / 2.0);
        return new LatencyCost(prefill, decode, prefill + decode * query.Work.Output, readShare);
    }

    /// <summary>Seconds of one decode step of the whole batch with <paramref name="context"/> tokens in each cache.</summary>
    public static double DecodeSeconds(CostQuery query, double context) => Decode(query, context).Seconds;

    /// <summary>Seconds until all prompts of the batch are read, in as many passes as the device makes of them.</summary>
    public static double PrefillSeconds(CostQuery query)
    {
        double tokens = (double)query.Work.Batch * query.Work.Prompt, rows = PromptRows(query);
        double passes = Math.Ceiling(rows / Math.Max(query.Device.PassRows, query.Streams)), tokensOfPass = tokens / passes;
        double sequences = Math.Max(1, tokensOfPass / query.Work.Prompt);
        var pass = new PassTime(query.Device);
        AddLayers(pass, query, rows / passes);
        AddAttention(pass, query, rows / passes, sequences, (query.Work.Prompt + 1) / 2.0);
        AddAggregator(pass, query, query.Shape.Anchored ? query.Work.Batch / passes : tokensOfPass);
        var head = new PassTime(query.Device);
        AddHead(head, query);
        return pass.Seconds * passes + head.Seconds;
    }

    private static (double Seconds, double ReadShare) Decode(CostQuery query, double context)
    {
        int batch = query.Work.Batch;
        var step = new PassTime(query.Device);
        AddLayers(step, query, (double)batch * query.Streams);
        AddAttention(step, query, (double)batch * query.Streams, batch, context);
        AddAggregator(step, query, batch);
        AddHead(step, query);
        return (step.Seconds, step.ReadSeconds / step.Seconds);
    }

    // An anchor reads prompts alone; helpers run for the last token, whose prediction is wanted.
    private static double PromptRows(CostQuery query)
    {
        int reading = query.Shape.CachedStreams(query.Streams);
        return (double)query.Work.Batch * query.Work.Prompt * reading + query.Work.Batch * (query.Streams - reading);
    }

    // Keys and values of one sequence. In layer 0 all streams have the same, and they are held once.
    private static double CacheBytes(CostQuery query, double tokens) =>
        FormatSizes.BytesPerHead(query.Cache, query.Shape.HeadSize) * query.Shape.KeyValueHeads
        * ((query.Shape.Layers - 1.0) * query.Shape.CachedStreams(query.Streams) + 1) * tokens;

    // The prefix slots, which all sequences share.
    private static double PrefixBytes(CostQuery query) =>
        FormatSizes.BytesPerHead(query.Cache, query.Shape.HeadSize) * query.Shape.KeyValueHeads
        * query.Shape.Layers * query.Shape.PrefixedStreams(query.Streams) * query.Shape.PrefixSlots;

    private static void AddLayers(PassTime pass, CostQuery query, double rows)
    {
        ModelShape shape = query.Shape;
        double bytes = FormatSizes.BitsPerWeight(query.Weights) / BitsPerByte, rate = query.Device.ProductRate(query.Weights, rows);
        double attention = shape.Layers * shape.AttentionParameters, feedForward = shape.Layers * shape.FeedForwardParameters;
        pass.Add(attention * bytes + shape.VectorParameters * FloatBytes, rows * attention, rate);
        pass.Add(shape.FeedForwardRead(rows) * bytes, rows * feedForward, rate);
        pass.AddOverhead(shape);
    }

    // Scores and sums over the slots that each row sees.
    private static void AddAttention(PassTime pass, CostQuery query, double rows, double sequences, double context)
    {
        ModelShape shape = query.Shape;
        double slots = context + (query.Streams == 1 ? 0 : shape.PrefixSlots);
        double products = rows * shape.Layers * 2.0 * shape.Heads * shape.HeadSize * slots;
        pass.Add(CacheBytes(query, context) * sequences + PrefixBytes(query), products, query.Device.ProductRate(WeightDtype.Bf16));
    }

    private static void AddAggregator(PassTime pass, CostQuery query, double tokens)
    {
        double parameters = query.Shape.AggregatorParameters(query.Streams);
        double bytes = FormatSizes.BitsPerWeight(query.Weights) / BitsPerByte;
        pass.Add(parameters * bytes, parameters * tokens, query.Device.ProductRate(query.Weights, tokens));
    }

    // Only the last token of each sequence asks for logits.
    private static void AddHead(PassTime pass, CostQuery query)
    {
        WeightDtype format = FormatSizes.TableFormat(query.Weights);
        double parameters = (double)query.Shape.Vocabulary * query.Shape.Hidden;
        double rate = query.Device.ProductRate(format, query.Work.Batch);
        pass.Add(parameters * FormatSizes.BitsPerWeight(format) / BitsPerByte, parameters * query.Work.Batch, rate);
    }
}
