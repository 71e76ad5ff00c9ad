using System.Globalization;
using ParScale.Cli.Planning;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Cost;

/// <summary>What <c>parscale cost</c> prints for people.</summary>
internal static class CostText
{
    private const double Gibibyte = 1L << 30;

    public static void Write(CostResult result, TextWriter output)
    {
        var table = new TextTable("model", "P", "dtype", "parameters", "memory", "weights", "P's own", "kv", "other", "first token", "a token", "all", "reading");
        foreach (CostRow row in result.Rows)
        {
            table.Add(row.Model, $"{row.Streams}", row.Dtype, Parameters(row), Figures.Bytes(row.MemoryBytes) + (row.Fits ? "" : " !"),
                Figures.Bytes(row.WeightBytes), Figures.Bytes(row.PrefixBytes + row.AggregatorBytes), Figures.Bytes(row.KvBytes),
                Figures.Bytes(row.ActivationBytes + row.RuntimeBytes), Figures.Seconds(row.PrefillMs / 1e3), Figures.Seconds(row.DecodeMs / 1e3),
                Figures.Seconds(row.TotalMs / 1e3), Percent(row.ReadShare));
        }
        table.Write(output, names: 1);
        output.Write($"\n{Machine(result.Device)}\n");
        string[] dtypes = [.. result.Rows.Select(row => row.Dtype).Distinct()];
        foreach (IGrouping<string, ProductFigure> dtype in result.Device.Products.Where(product => dtypes.Contains(product.Dtype)).GroupBy(product => product.Dtype))
        {
            string rates = string.Join(", ", dtype.Select(product => $"{product.Rows} rows {Figures.Digits(product.GmacS)}"));
            output.Write($"product kernel {dtype.Key}, G multiply-adds/s: {rates} at {Percent(result.Device.ProductEfficiency)}\n");
        }
        output.Write($"batch {result.Batch}, prompt {Figures.Count(result.Prompt)}, output {Figures.Count(result.Output)} tokens, keys and values in {CacheFormats.InWords(result.Kv)}; "
            + "a token: one step of the batch halfway through the output; reading: share of it that is memory-bound\n");
        foreach (CostRow row in result.Rows.Where(row => row.Kind == "moe"))
        {
            output.Write($"{row.Model}, P = {row.Streams}, {row.Dtype}: a token uses {Figures.Parameters(row.ActiveParameters)} of {Figures.Parameters(row.Parameters)} parameters; "
                + $"a step reads {Figures.Parameters(row.ReadParameters)}, {Percent(row.ExpertsRead)} of the experts, if each stream of each sequence chooses on its own\n");
        }
        if (result.Rows.Any(row => row.Model.EndsWith('*'))) output.Write("* a size without a published model\n");
        if (result.Rows.Any(row => !row.Fits)) output.Write($"! more than the {Figures.Bytes(result.Device.MemoryBytes)} of the machine\n");
        foreach (CostIncrease increase in result.Increases)
        {
            output.Write($"{increase.Model} with P = {increase.Streams} in {increase.Dtype} and the plain {increase.Twin} of equal loss: the latter adds "
                + $"{Figures.Digits(increase.MemoryRatio)} times the memory and {Figures.Digits(increase.LatencyRatio)} times the time that the streams add\n");
        }
    }

    public static void Write(PaperCostResult result, TextWriter output)
    {
        var table = new TextTable("model", "P", "GiB", "s", "mean GiB", "mean s");
        foreach (PaperCostRow row in result.Rows)
        {
            table.Add(row.Model, $"{row.Streams}", Fixed(row.MemoryBytes / Gibibyte, 2), Fixed(row.TotalMs / 1e3, 3),
                Fixed(row.MeanMemoryBytes / Gibibyte, 2), Fixed(row.MeanTotalMs / 1e3, 3));
        }
        table.Write(output, names: 1);
        output.Write($"\nthe paper's arithmetic (llm-analysis, A100, 16 bits, arithmetic 0.7, bandwidth 0.9; --device, --dtype and --kv-dtype do not matter); batch {result.Batch}, "
            + $"prompt {Figures.Count(result.Prompt)}, output {Figures.Count(result.Output)}; mean: over prompt = output = 64, 128, 256, 512\n");
        output.Write($"published comparison at this batch (1.6B, P = 8, against the plain model of equal loss): memory increase ratio "
            + $"{Fixed(result.PublishedMemoryRatio, 2)}, latency increase ratio {Fixed(result.PublishedLatencyRatio, 2)}\n");
    }

    /// <summary>A machine in one line.</summary>
    public static string Machine(DeviceFigures device) =>
        $"{device.Title}: {Figures.Digits(device.ReadGbS)} GB/s at {Percent(device.ReadEfficiency)}, G multiply-adds/s f32 {Figures.Digits(device.F32GmacS)}, "
        + $"bf16 {Figures.Digits(device.Bf16GmacS)}, 8-bit {Figures.Digits(device.Int8GmacS)} at {Percent(device.ComputeEfficiency)}"
        + (device.DispatchUs == 0 ? "" : $", {Figures.Digits(device.DispatchUs)} us for each of {device.LayerDispatches} shaders a layer and {device.PassDispatches} more") + $"; {device.Source}";

    private static string Parameters(CostRow row) =>
        row.Kind == "moe" ? $"{Figures.Parameters(row.ActiveParameters)} of {Figures.Parameters(row.Parameters)}" : Figures.Parameters(row.Parameters);

    private static string Percent(double share) => share.ToString("P0", CultureInfo.InvariantCulture);

    private static string Fixed(double value, int digits) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);
}
