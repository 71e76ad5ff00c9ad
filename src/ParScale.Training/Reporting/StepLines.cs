using System.Text;
using System.Text.Json;
using ParScale.Files;

namespace ParScale.Training.Reporting;

/// <summary>A file of JSON lines, one for each of some steps of a run; a first line may stand before them.</summary>
internal sealed class StepLines : IDisposable
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private readonly StreamWriter _writer;

    /// <summary>
    /// Opens the file for a run that has finished <paramref name="step"/> steps. Lines of later steps, which a run that was killed wrote
    /// after its last checkpoint, are dropped: they will be computed again. The first line is <paramref name="header"/>, whatever it was before.
    /// </summary>
    public StepLines(string path, long step, object? header = null)
    {
        string[] kept = step > 0 && File.Exists(path) ? [.. File.ReadLines(path).Where(line => IsUpTo(line, step))] : [];
        if (header is not null) kept = [JsonSerializer.Serialize(header, Format), .. kept.Skip(1)];
        // Never cut the file in place: a kill in between would lose it.
        DurableFile.ReplaceText(path, string.Concat(kept.Select(line => line + "\n")));
        _writer = new StreamWriter(path, append: true, new UTF8Encoding(false)) { NewLine = "\n", AutoFlush = true };
    }

    public void Write(object row) => _writer.WriteLine(JsonSerializer.Serialize(row, row.GetType(), Format));

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
