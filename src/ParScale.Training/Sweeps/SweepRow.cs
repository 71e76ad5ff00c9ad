using System.Globalization;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Evaluation;
using ParScale.Training.Runs;

namespace ParScale.Training.Sweeps;

/// <summary>What a finished run reached, read from its folder. Losses are in nats; seconds and speed are the run's own, over all its resumes.</summary>
internal sealed record SweepRow(
    SweepRun Run, SweepInputs Inputs, CheckpointConfig Config, long Parameters, long Seed, long Tokens, long Steps, ValidationLoss Final, double BestLoss, long BestStep,
    double TrainLoss, double Seconds)
{
    /// <summary>The columns that every table has; the law reads n, p, loss, seed, elastic, elastic_n and stream_kind.</summary>
    public static readonly string[] Columns =
    [
        "name", "model", "n", "p", "loss", "parameters", "seed", "tokens", "steps", "val_loss_per_token", "val_loss_per_character",
        "best_val_loss_per_token", "best_step", "train_loss", "rho", "cosine", "best_stream", "worst_stream", "elastic", "elastic_n", "stream_kind", "settings", "tokens_per_second", "seconds",
    ];

    /// <summary>N of the law.</summary>
    public long N => SizeOf(Config.Streams.Count);

    /// <summary>The row of a run that is finished; null when it is not.</summary>
    public static SweepRow? Read(SweepRun run, string folder)
    {
        string report = Path.Combine(folder, RunResult.FileName);
        string model = Path.Combine(folder, RunFolder.FinalName);
        if (!File.Exists(report) || !Directory.Exists(model)) return null;
        try
        {
            if (RunResult.Read(report) is not { Finished: true, Final: { } final, Best: { } best } result) return null;
            CheckpointConfig config = CheckpointConfig.Load(model);
            (SweepInputs inputs, long seed, long tokens, double loss) = ReadLog(Path.Combine(folder, "log.jsonl"), result.Steps);
            return new SweepRow(
                run, inputs, config, config.Parameters, seed, tokens, result.Steps, final, best.PerToken,
                result.BestStep, loss, result.ElapsedSeconds);
        }
        catch (Exception e) when (e is ParScaleException or IOException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // What somebody deleted or damaged is made again by the run itself, from its last checkpoint.
            return null;
        }
    }

    /// <summary>The cells by column: those of <see cref="Columns"/> and of <paramref name="more"/>, the other options that the grid varies.</summary>
    public IReadOnlyDictionary<string, string> Cells(IEnumerable<string> more)
    {
        StreamReport? streams = Final.Streams;
        IReadOnlyList<CutLoss> cuts = Final.Elastic ?? [];
        string[] cells =
        [
            Run.Name, Run.Model, Whole(N), Whole(Config.Streams.Count), Real(Final.PerToken), Whole(Parameters), Whole(Seed), Whole(Tokens), Whole(Steps),
            Real(Final.PerToken), Real(Final.PerCharacter), Real(BestLoss), Whole(BestStep), Real(TrainLoss),
            Real(streams?.Rho), Real(streams?.Cosine), Real(streams?.Losses.Min()), Real(streams?.Losses.Max()),
            string.Join(' ', cuts.Select(cut => $"{Whole(cut.Streams)}:{Real(cut.Loss)}")),
            string.Join(' ', cuts.Select(cut => $"{Whole(cut.Streams)}:{Whole(SizeOf(cut.Streams))}")), Kind, Inputs.With(Run),
            Real(Math.Round(Tokens / Math.Max(1e-9, Seconds), 1)), Real(Math.Round(Seconds, 2)),
        ];
        return Columns.Zip(cells).Concat(more.Select(key => (key, Run.Values.First(value => value.Key == key).Text)))
            .ToDictionary(cell => cell.Item1, cell => cell.Item2, StringComparer.Ordinal);
    }

    private string Kind => Config.Streams switch
    {
        { Count: 1 } => "plain",
        { Anchored: true } => "anchored",
        { Elastic.Count: > 0 } => "elastic",
        _ => "ordinary",
    };

    private long SizeOf(int streams) => ParameterCounts.Of(Config.WithStreams(streams)).NonEmbedding;

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Real(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    // The mean train loss of the rows that reach into the last tenth of the steps: one row of the log is too few to compare runs by.
    private static (SweepInputs Inputs, long Seed, long Tokens, double TrainLoss) ReadLog(string path, long steps)
    {
        SweepInputs? inputs = null;
        long seed = 0, tokens = 0, before = 0, counted = 0;
        double sum = 0;
        foreach (string line in File.ReadLines(path))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            inputs ??= SweepInputs.OfLog(row);
            if (row.TryGetProperty("seed", out JsonElement own)) seed = own.GetInt64();
            if (!row.TryGetProperty("step", out JsonElement at) || !row.TryGetProperty("train_loss", out JsonElement loss)) continue;
            long step = at.GetInt64();
            tokens = row.GetProperty("tokens").GetInt64();
            if (step > steps - Math.Max(1, steps / 10))
            {
                sum += loss.GetDouble() * (step - before);
                counted += step - before;
            }
            before = step;
        }
        return (inputs ?? throw new KeyNotFoundException(), seed, tokens, sum / Math.Max(1, counted));
    }
}
