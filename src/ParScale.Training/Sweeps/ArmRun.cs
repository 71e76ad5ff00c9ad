using System.Globalization;
using ParScale.Training.Evaluation;
using ParScale.Training.Runs;

namespace ParScale.Training.Sweeps;

/// <summary>What a comparison needs of a finished run; null where it has no streams. Losses are in nats per token, of <c>final/</c>.</summary>
internal sealed record ArmRun(double Loss, double? Rho, double? Cosine, double? BestStream, double? WorstStream, IReadOnlyList<CutLoss>? Elastic)
{
    /// <summary>
    /// The runs of a sweep's folder, with name and seed; null for those that are not finished. Rows that the sweep took over
    /// (<c>--done</c>) have no folder of their run: they are read from its table.
    /// </summary>
    /// <exception cref="ParScaleException">The folder is none of a sweep (SW-04), or its table is damaged (SW-10).</exception>
    public static IEnumerable<(string Name, string Seed, ArmRun? Run)> OfFolder(string folder)
    {
        string table = Path.Combine(folder, SweepTable.FileName);
        Dictionary<string, ArmRun?> rows = File.Exists(table) ? OfTable(table).ToDictionary(row => row.Name, row => row.Run) : [];
        foreach ((string name, IReadOnlyDictionary<string, string> options) in SweepRecord.Read(Path.Combine(folder, "sweep.json")).Runs)
        {
            string result = Path.Combine(folder, "runs", name, RunResult.FileName);
            ValidationLoss? loss = File.Exists(result) && RunResult.Read(result) is { Finished: true, Final: { } final } ? final : null;
            yield return (name, options.GetValueOrDefault("seed") ?? "", loss is null ? rows.GetValueOrDefault(name) : Of(loss));
        }
    }

    /// <summary>The runs of a table that a sweep wrote.</summary>
    /// <exception cref="ParScaleException">It is none (SW-10).</exception>
    public static IEnumerable<(string Name, string Seed, ArmRun? Run)> OfTable(string path)
    {
        foreach ((string name, IReadOnlyDictionary<string, string> row) in SweepTable.Read(path))
        {
            double? Number(string column)
            {
                string text = row.GetValueOrDefault(column) ?? "";
                if (text.Length == 0) return null;
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value
                    : throw ParScaleException.BadInput("SW-10", path, $"{column} of run {name} is {ParScaleException.Quote(text)}, not a number");
            }
            double loss = Number("loss") ?? throw ParScaleException.BadInput("SW-10", path, $"run {name} has no loss");
            yield return (name, row.GetValueOrDefault("seed") ?? "", new ArmRun(
                loss, Number("rho"), Number("cosine"), Number("best_stream"), Number("worst_stream"), Cuts(row.GetValueOrDefault("elastic") ?? "", path, name)));
        }
    }

    private static ArmRun Of(ValidationLoss loss) => new(
        loss.PerToken, loss.Streams?.Rho, loss.Streams?.Cosine, loss.Streams?.Losses.Min(), loss.Streams?.Losses.Max(), loss.Elastic);

    private static CutLoss[]? Cuts(string text, string path, string name)
    {
        if (text.Length == 0) return null;
        return [.. text.Split(' ').Select(cut =>
            cut.Split(':') is [var streams, var loss]
                && int.TryParse(streams, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                && double.TryParse(loss, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                    ? new CutLoss(count, value)
                    : throw ParScaleException.BadInput("SW-10", path, $"elastic of run {name} is {ParScaleException.Quote(text)}; it must be like 1:3.2 2:3.1"))];
    }
}
