using ParScale.Cli.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary>What <c>parscale plan</c> prints for people.</summary>
internal static class PlanText
{
    /// <summary>Columns of the table of models.</summary>
    public static readonly string[] Header = ["model", "P", "dtype", "loss", "memory", "a token", "first token", ""];

    public static string Of(PlanReport report, int lines)
    {
        var output = new StringWriter { NewLine = "\n" };
        output.Write($"{CostText.Machine(report.Device)}\n{Limits(report)}\n\n");
        output.Write($"Pareto front: those of the {report.Within} models within the limits that no other beats in loss, memory and time at once\n");
        var table = new TextTable(Header);
        foreach (PlanRow row in report.Front.Take(lines)) table.Add(Cells(row));
        table.Write(output, names: 1, lastIsName: true);
        if (report.Front.Count > lines) output.Write($"and {report.Front.Count - lines} more of higher loss; --top shows them\n");
        Section(output, "why", report.Reasons);
        if (report.Streams is { } streams) Section(output, "where P stops paying", streams.Words);
        Section(output, "published", Published(report));
        Section(output, "notes", report.Notes);
        return output.ToString();
    }

    /// <summary>The limits in one line.</summary>
    public static string Limits(PlanReport report)
    {
        PlanLimits limits = report.Limits;
        string latency = limits.LatencyMs is { } token ? $", {Figures.Seconds(token / 1e3)} a token" : "";
        string first = limits.FirstTokenMs is { } prompt ? $", {Figures.Seconds(prompt / 1e3)} to the first" : "";
        return $"limits: {Figures.Bytes(limits.MemoryBytes)}{latency}{first}; batch {limits.Batch}, {Figures.Count(limits.Prompt)} tokens of prompt and "
            + $"{Figures.Count(limits.Output)} of output, keys and values in {CacheFormats.InWords(limits.Kv)}; loss by the law of {report.Law.Data}";
    }

    /// <summary>One model's line.</summary>
    public static string[] Cells(PlanRow row) =>
    [
        row.Model, $"{row.Streams}", row.Dtype, Figures.Loss(row.Loss), Figures.Bytes(row.MemoryBytes), Figures.Seconds(row.DecodeMs / 1e3),
        Figures.Seconds(row.FirstTokenMs / 1e3), (row.Published ? "published" : "") + (row.Extrapolated ? "extrapolated" : ""),
    ];

    /// <summary>Which checkpoint to take, in sentences.</summary>
    public static IReadOnlyList<string> Published(PlanReport report)
    {
        if (report.Published is not { } best) return ["No published checkpoint is within the limits."];
        return
        [
            $"The best checkpoint that fits is {report.Checkpoints[0]} in {best.Dtype}: loss {Figures.Loss(best.Loss)}, {Figures.Bytes(best.MemoryBytes)}, "
            + $"{Figures.Seconds(best.DecodeMs / 1e3)} a token, {Figures.Seconds(best.FirstTokenMs / 1e3)} to the first."
            + (report.Checkpoints.Count > 1 ? $" Others of its size: {string.Join(", ", report.Checkpoints.Skip(1))}." : ""),
        ];
    }

    private static void Section(TextWriter output, string title, IReadOnlyList<string> sentences)
    {
        output.Write($"\n{title}\n");
        foreach (string sentence in sentences) output.Write($"- {sentence}\n");
    }
}
