using System.Text.Json;
using System.Text.Unicode;

namespace ParScale.Training.Data.Rows;

/// <summary>A row, which is a JSON object, to a document. Rows of tables come as such objects too, so that both mean the same.</summary>
internal sealed class JsonRow(FieldNames fields, ChatRenderer chat)
{
    private readonly ExtraFields _extras = new(chat, fields);
    private readonly ChatRow _chat = new(fields, chat);

    /// <summary>Whether a field of a row bears on its document.</summary>
    public static bool IsRead(string name, FieldNames fields) => fields.Contains(name) || MeaningfulKeys.OfRow.Contains(name);

    /// <exception cref="ParScaleException">The row is not JSON, lacks its fields, or they hold something else.</exception>
    public Document Parse(ReadOnlyMemory<byte> json, RowLocation place)
    {
        if (!Utf8.IsValid(json.Span)) throw place.NotUtf8();
        try
        {
            using JsonDocument row = Read(json, place);
            if (row.RootElement.ValueKind != JsonValueKind.Object)
                throw place.Error("TD-02", $"is {Json.Name(row.RootElement)}; every row must be one JSON object");
            return Parse(row.RootElement, place);
        }
        catch (JsonException e)
        {
            throw place.Error("TD-02", $"is not JSON ({(e.LineNumber > 0 ? $"line {e.LineNumber + 1} of it, " : "")}byte {e.BytePositionInLine})", e);
        }
        catch (InvalidOperationException e)
        {
            throw place.Error("TD-04", "a text holds half a surrogate pair, which is no character", e);
        }
    }

    /// <summary>What a row or table without any of the known names is told.</summary>
    public static string Missing(string what, FieldNames fields) =>
        $"has no {what} {ParScaleException.Quote(fields.Text)}, {ParScaleException.Quote(fields.Messages)}, or "
        + $"{ParScaleException.Quote(fields.Prompt)} and {ParScaleException.Quote(fields.Completion)} (--text-field and similar flags choose others)";

    private JsonDocument Read(ReadOnlyMemory<byte> json, RowLocation place)
    {
        try
        {
            return Json.Parse(json);
        }
        catch (JsonException)
        {
            // It may only be deep where nobody reads.
            byte[] read = Json.Prune(json.Span, name => IsRead(name, fields));
            try
            {
                return Json.Parse(read);
            }
            catch (JsonException e)
            {
                throw place.Error("TD-02", "is nested more than 1000 levels deep in what is read of it", e);
            }
        }
    }

    private Document Parse(JsonElement row, RowLocation place)
    {
        if (Json.Find(row, fields.Messages) is { } messages)
        {
            return Chat(row, _chat.Messages(row, messages, place), place);
        }
        JsonElement? prompt = Json.Find(row, fields.Prompt);
        if (prompt is { } asked && Json.Find(row, fields.Completion) is { } completion) return Pair(row, asked, completion, place);
        if (Json.Find(row, fields.Text) is { } element)
        {
            string text = Json.Text(element, fields.Text, place);
            return string.IsNullOrWhiteSpace(text) ? throw place.Empty("the text") : new Document([new Segment(text, true)]);
        }
        throw place.Error("TD-03", prompt is not null ? $"has {ParScaleException.Quote(fields.Prompt)} without {ParScaleException.Quote(fields.Completion)}"
            : row.EnumerateObject().Any(field => fields.Contains(field.Name)) ? "has only null where its text, messages, prompt or completion would be"
            : Missing("field", fields));
    }

    private Document Chat(JsonElement row, List<ChatTurn> turns, RowLocation place)
    {
        MeaningfulKeys.Refuse(row, [.. MeaningfulKeys.OfChat.Where(key => !_extras.Takes(key))], fields, place);
        return chat.Render(turns, _extras.Read(row, place), place);
    }

    private Document Pair(JsonElement row, JsonElement prompt, JsonElement completion, RowLocation place)
    {
        (bool asks, bool answers) = (prompt.ValueKind == JsonValueKind.Array, completion.ValueKind == JsonValueKind.Array);
        if (asks && answers)
        {
            return Chat(row, _chat.Pair(row, prompt, completion, place), place);
        }
        if (asks || answers)
        {
            (string list, string text) = asks ? (fields.Prompt, fields.Completion) : (fields.Completion, fields.Prompt);
            throw place.Error("TD-03", $"{ParScaleException.Quote(list)} is a list of messages, so {ParScaleException.Quote(text)} must be one too");
        }
        MeaningfulKeys.Refuse(row, MeaningfulKeys.OfPair(fields), fields, place);
        string answer = Json.Text(completion, fields.Completion, place);
        return answer.Length == 0
            ? throw place.Empty("the completion")
            : new Document([new Segment(Json.Text(prompt, fields.Prompt, place), false), new Segment(answer, true)]);
    }
}
