using System.Text.Json;
using System.Text.Unicode;
using ParScale.Files;

namespace ParScale.Checkpoints.Safetensors;

/// <summary>Reads <c>model.safetensors.index.json</c>: which shard holds which tensor.</summary>
internal static class SafetensorsIndex
{
    private const string Suffix = ".safetensors";

    /// <summary>The <c>weight_map</c>, tensor to shard. Every shard name is a plain file name on every system.</summary>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        byte[] json = InputFile.Read(path, CheckpointLimits.HeaderBytes, "ST-01", "ST-05");
        // A byte-order mark says nothing that is not known.
        if (json.AsSpan().StartsWith("\uFEFF"u8)) json = json[3..];
        if (!Utf8.IsValid(json)) throw ParScaleException.BadInput("ST-06", path, "is not valid UTF-8");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = CheckpointLimits.JsonDepth });
        Dictionary<string, string>? map = null;
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw ParScaleException.BadInput("ST-08", path, "is not a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isMap = reader.ValueTextEquals("weight_map"u8);
                reader.Read();
                if (!isMap) reader.Skip();
                else if (map is null) map = ReadMap(ref reader, path);
                else throw ParScaleException.BadInput("ST-10", path, "weight_map appears twice");
            }
            if (reader.Read()) throw ParScaleException.BadInput("ST-08", path, "has more after its JSON object");
        }
        catch (JsonException e)
        {
            throw ParScaleException.BadInput("ST-07", path, JsonDepth.IsOverLimit(json)
                ? $"is nested deeper than {CheckpointLimits.JsonDepth} levels"
                : $"is not valid JSON (byte {reader.BytesConsumed}); fetch or write it again", e);
        }
        catch (InvalidOperationException e)
        {
            throw ParScaleException.BadInput("ST-06", path, $"holds half a surrogate pair near byte {reader.BytesConsumed}", e);
        }
        return map is { Count: > 0 } ? map : throw ParScaleException.BadInput("ST-25", path, "has no weight_map, or an empty one");
    }

    private static Dictionary<string, string> ReadMap(ref Utf8JsonReader reader, string path)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw ParScaleException.BadInput("ST-08", path, "weight_map is not an object");
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string tensor = reader.GetString() ?? "";
            string quoted = ParScaleException.Quote(tensor);
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw ParScaleException.BadInput("ST-25", path, $"weight_map entry {quoted} is not a file name");
            string shard = reader.GetString() ?? "";
            if (!IsPlainFileName(shard))
            {
                throw ParScaleException.BadInput("ST-26", path,
                    $"weight_map entry {quoted} points to {ParScaleException.Quote(shard)}; "
                    + $"expected a plain {Suffix} file name in this folder");
            }
            if (map.Count >= CheckpointLimits.Tensors)
                throw ParScaleException.BadInput("ST-21", path, $"maps more than {CheckpointLimits.Tensors} tensors");
            if (!map.TryAdd(tensor, shard)) throw ParScaleException.BadInput("ST-27", path, $"weight_map has tensor {quoted} twice");
        }
        return map;
    }

    private static bool IsPlainFileName(string name) =>
        name.EndsWith(Suffix, StringComparison.Ordinal) && name.Length > Suffix.Length && name[0] != '.' && PortableName.IsPortable(name);
}
