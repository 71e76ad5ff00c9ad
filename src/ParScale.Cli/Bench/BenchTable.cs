using System.Globalization;
using ParScale.Cli.Commands;
using ParScale.Cli.Cost;

namespace ParScale.Cli.Bench;

/// <summary>The rows as text.</summary>
internal static class BenchTable
{
    private const long Mebibyte = 1 << 20;

    private static readonly string[] Header =
    [
        "model", "dtype", "kv", "P", "context", "tokens/s", "ms/step", "mean ± sd", "min", "floor ms", "ratio", "read ms", "ratio", "products ms", "ratio", "kv ms",
        "prompt tokens/s", "of products", "of dot rate", "MiB", "kv MiB", "predicted",
    ];

    /// <summary>Writes all rows in a form other than <see cref="BenchFormat.Json"/>.</summary>
    public static void Write(BenchResult result, BenchFormat format, TextWriter output) =>
        RowText.Write(format, result.Rows, CliJson.Readable.BenchRow, Header, Cells, Legend(result), output);

    private static string[] Cells(BenchRow row) =>
    [
        row.Model, row.Dtype, row.Kv, row.Batch, $"{row.Context}", Text($"{row.TokensS:F1}"),
        Text($"{row.DecodeMs:F2}"), Text($"{row.DecodeMeanMs:F2} ± {row.DecodeSdMs:F2}"), Text($"{row.DecodeMinMs:F2}"),
        Text($"{row.RooflineMs:F2}"), Text($"{row.RooflineRatio:F2}"), Text($"{row.FloorMs:F2}"), Text($"{row.Ratio:F2}"),
        Text($"{row.ProductFloorMs:F2}"), Text($"{row.ProductRatio:F2}"), Text($"{row.KvFloorMs:F2}"),
        row.PrefillTokensS is { } speed ? Text($"{speed:F1} ± {row.PrefillTokensSSd:F1}") : "",
        row.PrefillProductShare is { } products ? Text($"{100 * products:F0} %") : "",
        row.PrefillShare is { } share ? Text($"{100 * share:F0} %") : "",
        $"{row.ResidentBytes / Mebibyte}", Text($"{row.KvBytes / (double)Mebibyte:F1}"), Text($"{row.PredictedDecodeMs:F2}"),
    ];

    private static IEnumerable<string> Legend(BenchResult result)
    {
        BenchMachine machine = result.Machine;
        BenchFloors floors = result.Floors;
        string[] dtypes = [.. result.Rows.Select(row => row.Dtype).Distinct()];
        yield return "";
        yield return Text($"- {machine.Cpu}, {machine.Threads} threads of {machine.Cores} cores, {machine.Os}, {machine.Runtime}");
        yield return $"- kernels: {string.Join(", ", dtypes.Select(dtype => $"{dtype} {machine.Kernels[dtype]}"))}";
        yield return Text($"- measured between the rows, {floors.Passes} passes: reading {floors.ReadGbS:F1} GB/s (best {floors.ReadGbSBest:F1}), ")
            + Text($"8-bit {floors.Int8GmacS:F0} G multiply-adds/s (best {floors.Int8GmacSBest:F0}), float32 {floors.F32GmacS:F0} (best {floors.F32GmacSBest:F0})");
        foreach (string dtype in floors.Products.Select(product => product.Dtype).Distinct())
        {
            IEnumerable<ProductFigure> kernels = floors.Products.Where(product => product.Dtype == dtype).OrderBy(product => product.Rows);
            yield return $"- product kernel {dtype} with data in the first-level cache, G multiply-adds/s: "
                + string.Join(", ", kernels.Select(product => Text($"{product.Rows} rows {product.GmacS:F0}")));
        }
        foreach (BenchRow row in result.Rows)
            if (row.ExpertsPerLayer is { } experts)
                yield return Text($"- {row.Dtype}, P {row.Batch}, context {row.Context}: {experts:F1} different experts of a layer in a step; if each stream chose on its own, {row.PredictedExpertsPerLayer:F1}");
        yield return "- ms/step: a whole decode step of all sequences of the row, median; tokens/s: what they get together. read: its weights read once. products: its multiply-adds at the kernel's own rate.";
        yield return "- floor: the larger of read and products. ratio: ms/step over the column before. kv: its keys and values read once.";
        yield return "- of products, of dot rate: the prompt's matrix products over those of the kernel and over the machine's multiply-adds. prompt tokens/s: those of one prompt over the time until all sequences of the row have read theirs. MiB: memory of this row, weights and cache included; kv MiB: keys, values and prefixes alone.";
        yield return Text($"- predicted: ms/step that parscale cost computes from these speeds; median error of time {Percent(Error(result, row => row.PredictedDecodeMs / row.DecodeMs))}, ")
            + Text($"of memory {Percent(Error(result, row => (double)row.PredictedBytes / row.ResidentBytes))}");
    }

    private static double Error(BenchResult result, Func<BenchRow, double> ratio)
    {
        double[] errors = [.. result.Rows.Select(row => Math.Abs(ratio(row) - 1)).Order()];
        return (errors[(errors.Length - 1) / 2] + errors[errors.Length / 2]) / 2;
    }

    private static string Percent(double share) => Text($"{100 * share:F1} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
