using System.Globalization;
using System.Reflection;
using ParScale.PeerBenchmarks.Peer;
using ParScale.ScalingLaws.Cost;

namespace ParScale.PeerBenchmarks.Comparison;

/// <summary>The comparison in Markdown. Medians of rounds; a figure of a round is itself the median of its steps.</summary>
internal static class ComparisonTable
{
    public static void Write(CompareOptions options, IReadOnlyList<FormatComparison> formats, TextWriter output)
    {
        output.Write("| format | | " + string.Join(" | ", options.Streams.Select(count => $"P = {count}")) + $" | prompt {options.Prompt}, tokens/s |\n");
        output.Write("|---|---|" + string.Concat(Enumerable.Repeat("--:|", options.Streams.Length + 1)) + "\n");
        foreach (FormatComparison format in formats)
        {
            double[] own = [.. options.Streams.Select(count => Median(format.Own.Select(round => Row(round, count).DecodeMs)))];
            double? ownPrompt = options.Prompt == 0 ? null : Median(format.OwnPrompts), peerPrompt = null;
            double[] peer = [.. own.Select(_ => double.PositiveInfinity)];
            Line(format.Format, "ours, ms", own, "F1", ownPrompt);
            foreach (IGrouping<string, PeerFigures> build in format.Peers)
            {
                double[] steps = [.. options.Streams.Select(count => Median(build.Select(round => Median(round.StepMs[count]))))];
                double? prompt = options.Prompt == 0 ? null : Median(build.SelectMany(round => round.PromptTokensS));
                Line("", $"llama.cpp {build.Key}, ms", steps, "F1", prompt);
                for (int i = 0; i < steps.Length; i++) peer[i] = Math.Min(peer[i], steps[i]);
                peerPrompt = Math.Max(peerPrompt ?? 0, prompt ?? 0);
            }
            Line("", "faster llama.cpp over ours", [.. own.Select((ms, i) => peer[i] / ms)], "F2", ownPrompt / peerPrompt);
            Line("", "reading our weights once, ms", Floors(format, options, row => row.ReadMs), "F1", null);
            Line("", "our products alone, ms", Floors(format, options, row => row.ProductMs), "F1", null);
        }
        foreach (string line in Legend(options, formats)) output.Write(line + "\n");

        void Line(string format, string name, double[] values, string digits, double? prompt) => output.Write($"| {format} | {name} | "
            + string.Join(" | ", values.Select(value => value.ToString(digits, CultureInfo.InvariantCulture))) + " | "
            + (name.Contains("over", StringComparison.Ordinal) ? prompt is { } share ? Text($"{share:F2} times") : "" : prompt is { } speed ? Text($"{speed:F1}") : "") + " |\n");
    }

    private static IEnumerable<string> Legend(CompareOptions options, IReadOnlyList<FormatComparison> formats)
    {
        OwnFigures own = formats[0].Own[0];
        yield return "";
        yield return $"- {own.Cpu}, {Environment.ProcessorCount} threads, {own.Runtime}, {DateTime.UtcNow:yyyy-MM-dd}; shape {options.Shape.Name}, random weights; "
            + $"{options.Context} tokens in each cache; rounds {options.Rounds}, steps in each {options.Steps}, both sides in turn; medians";
        yield return $"- ours: ParScale {typeof(CostModel).Assembly.GetName().Version?.ToString(fieldCount: 3)}, " + string.Join(", ", formats.Select(format => $"{format.Format} {format.Own[0].Kernel}"));
        foreach (PeerFigures peer in formats[0].Peers.Select(build => build.First()))
            yield return $"- peer: llama.cpp of LLamaSharp {PeerVersion}, build {peer.Library}: {peer.Features}";
        yield return "- formats: ours 8.13 and 4.25 bits a weight, Q8_0 and Q4_0 8.5 and 4.5; embedding and head in 8 bits on both sides";
        yield return "- P: our streams, with prefixes and aggregator; for llama.cpp the next token of P sequences in one batch, logits of one of them";
    }

    private static OwnRow Row(OwnFigures figures, int streams) => figures.Rows.First(row => row.Streams == streams);

    private static double[] Floors(FormatComparison format, CompareOptions options, Func<OwnRow, double> floor) =>
        [.. options.Streams.Select(count => Median(format.Own.Select(round => floor(Row(round, count)))))];

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string PeerVersion => typeof(ComparisonTable).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "LLamaSharpVersion").Value!;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
