using System.Text.Json;
using System.Text.Json.Nodes;

namespace ParScale.Training.Data.Rows;

/// <summary>The fields of a chat's row that templates render beside the messages. A field that the template does not read is refused.</summary>
internal sealed class ExtraFields(ChatRenderer chat, FieldNames fields)
{
    private const string Tools = "tools";
    private const string Documents = "documents";
    private const string Variables = "chat_template_kwargs";

    /// <summary>Whether the template is given a field of that name.</summary>
    public bool Takes(string key) => !fields.Contains(key) && (key == Variables || (key is Tools or Documents && chat.Reads(key)));

    /// <exception cref="ParScaleException">A field is of another type, or names a variable that the template does not read.</exception>
    public ChatExtras Read(JsonElement row, RowLocation place)
    {
        var extras = new ChatExtras(Find<JsonArray>(row, Tools, "a list", place), Find<JsonArray>(row, Documents, "a list", place), Find<JsonObject>(row, Variables, "an object", place));
        string? unread = extras.Variables?.Select(variable => variable.Key).FirstOrDefault(name => !chat.Reads(name));
        return unread is null ? extras : throw place.Error("TD-18", $"{ParScaleException.Quote(Variables)} has {ParScaleException.Quote(unread)}, which the chat template does not read: take it out");
    }

    /// <summary>A field, also one that holds its JSON as a text; null where it says nothing.</summary>
    private T? Find<T>(JsonElement row, string key, string expected, RowLocation place)
        where T : JsonNode
    {
        if (!Takes(key) || Json.Find(row, key) is not { } value || Json.IsEmpty(value)) return null;
        try
        {
            string json = value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText();
            return JsonNode.Parse(json) as T ?? throw place.Error("TD-03", $"{ParScaleException.Quote(key)} is {Json.Name(value)}; it must be {expected}");
        }
        catch (JsonException e)
        {
            throw place.Error("TD-03", $"{ParScaleException.Quote(key)} is a text that is no JSON; it must be {expected}", e);
        }
    }
}
