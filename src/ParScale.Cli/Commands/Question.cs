using System.Text.Json;

namespace ParScale.Cli.Commands;

/// <summary>A question and its one right answer.</summary>
internal readonly record struct Question(string Prompt, string Completion)
{
    /// <summary>Reads a JSON object a line; empty lines are passed over.</summary>
    /// <exception cref="ParScaleException">The file is missing, has no question, or a line is no such object (CL-10).</exception>
    public static IReadOnlyList<Question> Read(string path)
    {
        if (!File.Exists(path)) throw ParScaleException.BadInput("CL-10", path, "is not there; give a file with an object of \"prompt\" and \"completion\" a line");
        List<Question> questions = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            questions.Add(Parse(line) ?? throw ParScaleException.BadInput("CL-10", path,
                FormattableString.Invariant($"line {number} is no JSON object with the texts \"prompt\" and \"completion\"")));
        }
        return questions.Count > 0 ? questions : throw ParScaleException.BadInput("CL-10", path, "has no question");
    }

    private static Question? Parse(string line)
    {
        try
        {
            using JsonDocument row = JsonDocument.Parse(line);
            return row.RootElement.ValueKind == JsonValueKind.Object && Text(row, "prompt") is { Length: > 0 } prompt && Text(row, "completion") is { Length: > 0 } completion
                ? new Question(prompt, completion) : null;
        }
        // The second is what half of a surrogate pair, written as an escape, raises.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonDocument row, string name) =>
        row.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
