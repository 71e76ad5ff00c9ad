using System.Text.Json;
using ParScale.Checkpoints;

namespace ParScale.Model;

/// <summary>Says where a config file stops being strict JSON, in terms of keys rather than bytes.</summary>
internal static class ModelConfigFault
{
    /// <summary>Walks the text again up to the fault that <paramref name="reason"/> reports.</summary>
    public static ParScaleException Describe(ReadOnlySpan<byte> utf8Json, string file, JsonException reason)
    {
        var reader = new Utf8JsonReader(utf8Json, new JsonReaderOptions { MaxDepth = CheckpointLimits.JsonDepth });
        var keys = new Stack<HashSet<string>>();
        string? last = null;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.StartObject) keys.Push(new HashSet<string>(StringComparer.Ordinal));
                else if (reader.TokenType == JsonTokenType.EndObject) keys.Pop();
                if (reader.TokenType != JsonTokenType.PropertyName) continue;
                last = reader.GetString() ?? "";
                if (!keys.Peek().Add(last))
                    return ParScaleException.BadInput("CF-01", file, $"key {ParScaleException.Quote(last)} appears twice", reason);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader does not count the bracket it stands on.
            if (reader.CurrentDepth >= CheckpointLimits.JsonDepth - 1)
                return ParScaleException.BadInput("CF-02", file, $"is nested deeper than {CheckpointLimits.JsonDepth} levels", reason);
        }
        string where = last is null ? "" : $", at or after key {ParScaleException.Quote(last)}";
        return ParScaleException.BadInput("CF-01", file, $"is not valid JSON on line {reason.LineNumber + 1}{where}", reason);
    }
}
