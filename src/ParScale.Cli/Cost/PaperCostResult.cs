using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Cost;

/// <summary>The JSON of <c>parscale cost --as-paper</c>.</summary>
/// <param name="Mode">Always <c>llm-analysis</c>: whose arithmetic it is.</param>
/// <param name="Batch">Sequences at the same time.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Output">Tokens generated after it.</param>
/// <param name="Rows">One for every model and number of streams.</param>
/// <param name="PublishedMemoryRatio">The published comparison at this batch: memory that a larger model adds over what 8 streams add to 1.6B.</param>
/// <param name="PublishedLatencyRatio">The same for time.</param>
internal sealed record PaperCostResult(
    string Mode, int Batch, int Prompt, int Output, IReadOnlyList<PaperCostRow> Rows, double PublishedMemoryRatio, double PublishedLatencyRatio)
{
    public static PaperCostResult Of(IEnumerable<ModelShape> shapes, IReadOnlyList<int> streams, Workload work)
    {
        (double memory, double latency) = PublishedComparison.IncreaseRatios(work.Batch);
        return new PaperCostResult("llm-analysis", work.Batch, work.Prompt, work.Output,
            [.. shapes.SelectMany(shape => streams.Select(p => PaperCostRow.Of(shape, p, work)))], memory, latency);
    }
}

/// <summary>One model.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Streams">P.</param>
/// <param name="MemoryBytes">Bytes for the lengths asked for.</param>
/// <param name="TotalMs">Prompts and output, for the lengths asked for.</param>
/// <param name="MeanMemoryBytes">Mean over prompts and outputs of 64, 128, 256 and 512 tokens, as in the paper.</param>
/// <param name="MeanTotalMs">The same for time.</param>
internal sealed record PaperCostRow(string Model, int Streams, double MemoryBytes, double TotalMs, double MeanMemoryBytes, double MeanTotalMs)
{
    public static PaperCostRow Of(ModelShape shape, int streams, Workload work)
    {
        (double bytes, double seconds) = LlmAnalysisCost.Of(shape, streams, work);
        (double meanBytes, double meanSeconds) = PublishedComparison.Mean(shape, streams, work.Batch);
        return new PaperCostRow(shape.Name, streams, bytes, seconds * 1e3, meanBytes, meanSeconds * 1e3);
    }
}
