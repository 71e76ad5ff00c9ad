using System.Text;
using System.Text.Json;
using ParScale.Training.Checkpointing;

namespace ParScale.Training.Runs;

/// <summary><c>log.jsonl</c>: the options on the first line, then one row per logged step.</summary>
internal sealed class RunLog : IDisposable
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly StreamWriter _writer;

    /// <summary>
    /// Opens the log of a run that has finished <paramref name="step"/> steps. Rows after that step, which a run that was
    /// killed wrote after its last checkpoint, are dropped: they will be computed again.
    /// </summary>
    public RunLog(string folder, TrainingOptions options, long step)
    {
        string path = Path.Combine(folder, "log.jsonl");
        string[] kept = step > 0 && File.Exists(path) ? [.. File.ReadLines(path).Where(line => IsUpTo(line, step))] : [];
        if (kept.Length == 0) kept = [JsonSerializer.Serialize(options, Format)];
        // Never cut the log in place: a kill in between would lose it.
        string beside = path + ".tmp";
        DurableFile.WriteText(beside, string.Concat(kept.Select(line => line + "\n")));
        File.Move(beside, path, overwrite: true);
        _writer = new StreamWriter(path, append: true, new UTF8Encoding(false)) { NewLine = "\n", AutoFlush = true };
    }

    public void Write(LogRow row) => _writer.WriteLine(JsonSerializer.Serialize(row, Format));

    public void Dispose() => _writer.Dispose();

    private static bool IsUpTo(string line, long step)
    {
        try
        {
            using JsonDocument row = JsonDocument.Parse(line);
            return !row.RootElement.TryGetProperty("step", out JsonElement written) || written.GetInt64() <= step;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // A line cut short by a kill.
            return false;
        }
    }
}
