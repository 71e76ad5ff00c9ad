using System.Text.Json;

namespace ParScale.Checkpoints;

/// <summary>Tells JSON that is nested too deeply for us from text that is no JSON.</summary>
internal static class JsonDepth
{
    /// <summary>Whether the text is JSON down to a level below <see cref="CheckpointLimits.JsonDepth"/>, whatever comes after that place.</summary>
    public static bool IsOverLimit(ReadOnlySpan<byte> utf8Json)
    {
        // One level more than is read: the bracket that goes deeper is a token of its own.
        var reader = new Utf8JsonReader(utf8Json, new JsonReaderOptions { MaxDepth = CheckpointLimits.JsonDepth + 1 });
        try
        {
            while (reader.Read())
            {
                // A bracket that opens is not counted among the levels that it stands in.
                if (reader.CurrentDepth >= CheckpointLimits.JsonDepth && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) return true;
            }
            return false;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
