using System.Text.Json;
using System.Text.Unicode;

namespace ParScale.Training.Data.Sources;

/// <summary>A JSON object to a document.</summary>
internal sealed class JsonRow(FieldNames fields, ChatTemplate chat)
{
    /// <exception cref="ParScaleException">The row is not JSON, lacks its fields, or they hold something else.</exception>
    public Document Parse(ReadOnlyMemory<byte> line, RowFault place)
    {
        if (!Utf8.IsValid(line.Span)) throw place.NotUtf8();
        try
        {
            using JsonDocument row = JsonDocument.Parse(line);
            if (row.RootElement.ValueKind != JsonValueKind.Object)
                throw place.Is("TD-02", $"is {Name(row.RootElement.ValueKind)}; every line must be one JSON object");
            return Parse(row.RootElement, place);
        }
        catch (JsonException e)
        {
            throw place.Is("TD-02", $"is not JSON (byte {e.BytePositionInLine})", e);
        }
        catch (InvalidOperationException e)
        {
            throw place.Is("TD-04", "a text holds half a surrogate pair, which is no character", e);
        }
    }

    private Document Parse(JsonElement row, RowFault place)
    {
        if (row.TryGetProperty(fields.Messages, out JsonElement messages)) return chat.Render(Messages(messages, place), place);
        bool asked = row.TryGetProperty(fields.Prompt, out JsonElement prompt);
        if (asked && row.TryGetProperty(fields.Completion, out JsonElement completion))
            return Rows.Pair(Text(prompt, fields.Prompt, place), Text(completion, fields.Completion, place), place);
        if (row.TryGetProperty(fields.Text, out JsonElement text)) return Rows.Text(Text(text, fields.Text, place), place);
        throw place.Is("TD-03", asked
            ? $"has {ParScaleException.Quote(fields.Prompt)} without {ParScaleException.Quote(fields.Completion)}"
            : Rows.Missing("field", fields));
    }

    private IEnumerable<ChatMessage> Messages(JsonElement messages, RowFault place)
    {
        if (messages.ValueKind != JsonValueKind.Array)
            throw place.Is("TD-03", $"{ParScaleException.Quote(fields.Messages)} is {Name(messages.ValueKind)}; it must be an array");
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object)
                throw place.Is("TD-03", $"a message is {Name(message.ValueKind)}; it must be an object with \"role\" and \"content\"");
            yield return new ChatMessage(Part("role"), Part("content"));

            string Part(string name) => message.TryGetProperty(name, out JsonElement value)
                ? Text(value, name, place)
                : throw place.Is("TD-03", $"a message has no {ParScaleException.Quote(name)}");
        }
    }

    private static string Text(JsonElement value, string field, RowFault place) => value.ValueKind == JsonValueKind.String
        ? value.GetString() ?? ""
        : throw place.Is("TD-03", $"{ParScaleException.Quote(field)} is {Name(value.ValueKind)}; it must be a text");

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };
}
