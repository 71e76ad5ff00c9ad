using System.Globalization;
using ParScale.Cli.Bench;
using ParScale.Cli.Commands;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.DeviceBench;

/// <summary>The rows as text.</summary>
internal static class DeviceBenchTable
{
    private static readonly string[] Header =
        ["model", "dtype", "kv", "P", "context", "ms/step", "mean ± sd", "min", "read", "GB/s", "floor ms", "ratio", "kv ms", "dispatches", "their ms", "chosen ms", "all logits ms", "their ratio", "to the host", "prompt tokens/s", "without matrices"];

    /// <summary>Writes all rows in a form other than <see cref="BenchFormat.Json"/>.</summary>
    public static void Write(DeviceBenchResult result, BenchFormat format, TextWriter output) =>
        RowText.Write(format, result.Rows, CliJson.Readable.DeviceBenchRow, Header, Cells, Legend(result), output);

    private static string[] Cells(DeviceBenchRow row) =>
    [
        row.Model, row.Dtype, row.Kv, row.Batch, $"{row.Context}", Text($"{row.DecodeMs:F2}"), Text($"{row.DecodeMeanMs:F2} ± {row.DecodeSdMs:F2}"),
        Text($"{row.DecodeMinMs:F2}"), Figures.Bytes(row.StepBytes), Text($"{row.ReachedGbS:F1}"), Text($"{row.FloorMs:F2}"), Text($"{row.Ratio:F2}"),
        Text($"{row.KvFloorMs:F2}"), $"{row.Dispatches}", Text($"{row.DispatchMs:F2}"),
        row.ChosenMs is { } chosen ? Text($"{chosen:F2}") : "", Text($"{row.AllLogitsMs:F2}"), row.ChoiceRatio is { } ratio ? Text($"{ratio:F3}") : "",
        (row.ChosenHostBytes is { } bytes ? $"{Figures.Bytes(bytes)} / " : "") + Figures.Bytes(row.AllLogitsHostBytes),
        row.PrefillTokensS is { } speed ? Text($"{speed:F1} ± {row.PrefillTokensSSd:F1}") : "",
        row.PrefillWithoutMatricesTokensS is { } plain ? Text($"{plain:F1}") : "",
    ];

    private static IEnumerable<string> Legend(DeviceBenchResult result)
    {
        DeviceBenchDevice device = result.Device;
        yield return "";
        yield return $"- {device.Name}: {device.Title}, {device.Kind}, {Figures.Bytes(device.MemoryBytes)}, driver {device.Driver}";
        if (device.Software) yield return "- A SOFTWARE DRIVER: it computes on the CPU. These are figures of no graphics card.";
        yield return Text($"- measured between the rows, {device.Passes} passes: reading {device.ReadGbS:F1} GB/s (best {device.ReadGbSBest:F1}), ")
            + Text($"a dispatch that waits for the one before it {device.DispatchUs:F1} us, a submission {device.SubmitUs:F0} us");
        yield return Text($"- opening it {device.OpenMs:F0} ms; {device.Shaders} shaders in {device.ShaderMs:F0} ms");
        yield return device.FmaRoundsOnce ? "- its fma rounds once: products in 8 and 4 bits use it" : "- its fma rounds twice: products in 8 and 4 bits do without";
        yield return device.Matrices is { } shape ? $"- matrices: prompts in 8 and 4 bits use {shape}" : "- matrices: none that prompts use";
        yield return "- ms/step: a whole decode step of all sequences of the row, median. read: its weights once, of experts all, also those that no row chose. GB/s: these over ms/step.";
        yield return "- floor: these at the speed of reading. ratio: ms/step over the floor. kv: its keys and values, read once.";
        yield return "- chosen: steps whose likeliest tokens the device chooses; all logits: steps that return all, for the host to choose, in turn with the others. ms/step is the one that the engine takes for "
            + "requests that greedy choice or top-k suffices for. their ratio: chosen over all logits. to the host: bytes that each returns.";
        yield return "- dispatches: shaders that a step runs. their ms: as many that do nothing. prompt tokens/s: those of one prompt over the time until all sequences of the row have read theirs.";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
