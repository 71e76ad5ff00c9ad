using ParScale.Benchmarking;
using ParScale.Cli.Cost;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Bench;

/// <summary>
/// What the cost model says of a measured row, from the speeds that were measured between the rows: how far <c>parscale cost</c> and
/// <c>parscale plan</c> can be believed on this machine.
/// </summary>
/// <param name="DecodeMs">A decode step.</param>
/// <param name="PrefillTokensS">Tokens a second of the prompt; null without one.</param>
/// <param name="Bytes">Memory.</param>
/// <param name="ExpertsPerLayer">Different experts of a layer that a decode step reads; null for a model without experts.</param>
internal sealed record BenchPrediction(double DecodeMs, double? PrefillTokensS, long Bytes, double? ExpertsPerLayer)
{
    public static BenchPrediction Of(BenchmarkRow row, BenchmarkPlan plan, BenchmarkResult measured)
    {
        int prompt = Math.Max(1, plan.Prompt);
        var query = new CostQuery
        {
            Shape = plan.Model.ToShape(plan.StreamsOf(row.Batch.Streams.Max(), row.Batch.Anchored), plan.Name),
            Streams = row.Batch.Rows / row.Batch.Streams.Count,
            Weights = row.Type,
            Cache = row.Cache,
            Work = new Workload(row.Batch.Streams.Count, prompt, BenchmarkCase.Room(row.Context, plan.Prompt) - prompt),
            Device = Devices.Measured(plan.Name, 0, row.Read.Median, measured.Float32.Median, measured.Int8.Median, ProductFigure.Rates(measured.Products)),
        };
        return new BenchPrediction(
            CostModel.DecodeSeconds(query, row.Context) * 1e3, plan.Prompt == 0 ? null : prompt / CostModel.PrefillSeconds(query),
            (long)CostModel.Memory(query).Total,
            query.Shape.Experts == 0 ? null : query.Shape.Experts * query.Shape.ExpertsUsed(row.Batch.Rows));
    }
}
