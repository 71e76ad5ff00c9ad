using System.Globalization;
using ParScale.Files;
using Tensorboard;

namespace ParScale.Training.Reporting;

/// <summary>The log as <c>tensorboard/events.out.tfevents.TIME.parscale</c>: one file, in which every step stands once.</summary>
internal sealed class EventLog : IDisposable
{
    private const string Prefix = "events.out.tfevents.";
    private const string Suffix = ".parscale";
    private readonly FileStream _file;

    /// <summary>
    /// Opens the log of a run that has finished <paramref name="step"/> steps. What an earlier file of this run tells of them is taken
    /// over, with its times, into a new file; what it tells of later steps will be computed again.
    /// </summary>
    public EventLog(string folder, long step)
    {
        Directory.CreateDirectory(folder);
        string[] earlier = [.. Directory.GetFiles(folder, $"{Prefix}*{Suffix}").Order(StringComparer.Ordinal)];
        string path = Path.Combine(folder, NewName(earlier));
        DurableFile.RemoveUnfinished(folder);
        DurableFile.Replace(path, fresh =>
        {
            EventFile.Append(fresh, new Event { WallTime = Now(), FileVersion = "brain.Event:2" });
            // A TensorBoard that has shown the earlier file forgets it and takes everything from this one.
            EventFile.Append(fresh, new Event { WallTime = Now(), SessionLog = new SessionLog { Status = SessionLog.Types.SessionStatus.Start } });
            IEnumerable<Event> known = step > 0 && earlier.Length > 0 ? EventFile.Read(earlier[^1]) : [];
            foreach (Event record in known.Where(record => record.Summary is not null && record.Step <= step)) EventFile.Append(fresh, record);
        });
        foreach (string old in earlier) File.Delete(old);
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    public void Write(LogRow row)
    {
        var summary = new Summary();
        foreach ((string tag, double? value) in Scalars(row))
        {
            if (value is { } number) summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)number });
        }
        EventFile.Append(_file, new Event { WallTime = Now(), Step = row.Step, Summary = summary });
    }

    public void Dispose() => _file.Dispose();

    private static (string Tag, double? Value)[] Scalars(LogRow row)
    {
        (string, double?)[] always =
        [
            ("train/loss", row.TrainLoss), ("val/loss", row.ValLossPerToken), ("val/loss_per_character", row.ValLossPerCharacter),
            ("lr", row.LearningRate), ("grad_norm", row.GradientNorm),
            ("tokens/s", row.TokensPerSecond), ("share_of_peak", row.ShareOfPeak),
            ("memory/bytes", row.MemoryBytes), ("memory/tensors", row.LiveTensors),
        ];
        if (row.Streams is not { } streams) return always;
        return
        [
            .. always, .. (row.Elastic ?? []).Select(cut => (string.Create(CultureInfo.InvariantCulture, $"elastic/loss_p{cut.Streams}"), (double?)cut.Loss)), ("streams/average_loss", streams.AverageLoss), ("streams/rho", streams.Rho), ("streams/cosine", streams.Cosine),
            ("streams/weight_entropy", streams.WeightEntropy), ("streams/weight_balance", streams.WeightBalance),
            .. streams.Losses.Select((loss, p) => (string.Create(CultureInfo.InvariantCulture, $"streams/loss_{p + 1}"), (double?)loss)),
            .. streams.Weights.Select((weight, p) => (string.Create(CultureInfo.InvariantCulture, $"streams/weight_{p + 1}"), (double?)weight)),
        ];
    }

    /// <summary>Named by the time in seconds, as usual, but always after the files that are there.</summary>
    private static string NewName(string[] earlier)
    {
        long last = earlier.Length == 0 ? 0 : long.TryParse(Path.GetFileName(earlier[^1])[Prefix.Length..^Suffix.Length], out long time) ? time : 0;
        long now = Math.Max(last + 1, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{now}{Suffix}");
    }

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
}
