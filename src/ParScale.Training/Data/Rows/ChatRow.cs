using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Training.Data.Rows;

/// <summary>
/// The messages of a row, with what each says about its being learned: <c>weight</c> (OpenAI and Mistral: 0 or 1), <c>train</c> or
/// <c>training</c> (axolotl), <c>loss</c> (ms-swift). Without such a mark, what an assistant says is learned.
/// </summary>
internal sealed class ChatRow(FieldNames fields, ChatRenderer chat)
{
    /// <summary>A role, and the key of a row for the message of that role, as Anthropic's rows have it.</summary>
    public const string System = "system";

    /// <summary>The role whose words are learned where nothing else is said.</summary>
    public const string Assistant = "assistant";
    private const string ToolCalls = "tool_calls";

    // Read by the templates that name them; refused where the template does not.
    private static readonly string[] Rendered = [ToolCalls, "reasoning_content", "reasoning", "thinking"];
    private static readonly string[] Marks = ["weight", "train", "training", "loss"];

    /// <summary>The messages of a chat.</summary>
    /// <exception cref="ParScaleException">They are no list of messages, or hold something that is not read here.</exception>
    public List<ChatTurn> Messages(JsonElement row, JsonElement messages, RowLocation place) =>
        WithSystem(row, [.. Read(messages, fields.Messages, learnAnswers: true, place)], place);

    /// <summary>Prompt and completion as lists of messages (TRL): of one chat, in which only the completion is learned.</summary>
    /// <exception cref="ParScaleException">As for a chat; or the lists do not part where an assistant begins to answer.</exception>
    public List<ChatTurn> Pair(JsonElement row, JsonElement prompt, JsonElement completion, RowLocation place)
    {
        List<ChatTurn> asked = [.. Read(prompt, fields.Prompt, learnAnswers: false, place)];
        List<ChatTurn> answered = [.. Read(completion, fields.Completion, learnAnswers: true, place)];
        if (asked.Any(turn => turn.Learned))
            throw place.Error("TD-18", $"a message of {ParScaleException.Quote(fields.Prompt)} is marked to be learned; use {ParScaleException.Quote(fields.Messages)} for that");
        if (asked is [.., { Message.Role: Assistant }])
            throw place.Error("TD-18", $"{ParScaleException.Quote(fields.Prompt)} ends with an assistant's message, so the completion would continue that message");
        if (answered.Find(turn => turn.Message.Role != Assistant) is { Message.Role: var role })
            throw place.Error("TD-18", $"{ParScaleException.Quote(fields.Completion)} has a message of the role {ParScaleException.Quote(role)}; only an assistant completes");
        if (answered.Count == 0) throw place.Empty("the completion");
        return WithSystem(row, [.. asked, .. answered], place);
    }

    private List<ChatTurn> WithSystem(JsonElement row, List<ChatTurn> messages, RowLocation place)
    {
        if (fields.Contains(System) || Json.Find(row, System) is not { } value || Json.IsEmpty(value)) return messages;
        string text = Json.Text(value, System, place);
        if (messages is not [{ Message: { Role: System } first }, ..]) return [new ChatTurn(new ChatMessage(System, text), Learned: false), .. messages];
        return first.Content == text ? messages : throw place.Error("TD-18", "the row has a \"system\" and its messages begin with another one");
    }

    private IEnumerable<ChatTurn> Read(JsonElement messages, string field, bool learnAnswers, RowLocation place)
    {
        if (messages.ValueKind != JsonValueKind.Array)
            throw place.Error("TD-03", $"{ParScaleException.Quote(field)} is {Json.Name(messages)}; it must be an array");
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object)
                throw place.Error("TD-03", $"a message is {Json.Name(message)}; it must be an object with \"role\" and \"content\"");
            MeaningfulKeys.Refuse(message, [.. MeaningfulKeys.OfMessage.Where(key => !Takes(key))], fields, place);
            string role = Json.Text(Required("role"), "role", place);
            JsonObject? further = Further(message);
            bool isSilent = further?.ContainsKey(ToolCalls) == true && Json.Find(message, "content") is null;
            string? content = isSilent ? null : Content(Required("content"), place);
            yield return new ChatTurn(new ChatMessage(role, content) { Fields = further }, IsLearned(message, role, learnAnswers, place));

            JsonElement Required(string name) => Json.Find(message, name)
                ?? throw place.Error("TD-03", $"a message has no {ParScaleException.Quote(name)}{(message.TryGetProperty(name, out _) ? ": it is null" : "")}");
        }
    }

    private bool Takes(string key) => Rendered.Contains(key) && chat.Reads(key);

    /// <summary>The other fields that the template reads; those that say nothing are absent.</summary>
    private JsonObject? Further(JsonElement message)
    {
        JsonObject? further = null;
        foreach (JsonProperty field in message.EnumerateObject())
        {
            if (field.Name is "role" or "content" || Marks.Contains(field.Name) || Json.IsEmpty(field.Value) || !chat.Reads(field.Name)) continue;
            further ??= [];
            further[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        }
        return further;
    }

    /// <summary>A text, or parts that are texts, one after the other.</summary>
    private static string Content(JsonElement content, RowLocation place)
    {
        if (content.ValueKind != JsonValueKind.Array) return Json.Text(content, "content", place);
        return string.Concat(content.EnumerateArray().Select(part =>
        {
            if (part.ValueKind != JsonValueKind.Object)
                throw place.Error("TD-03", $"a part of \"content\" is {Json.Name(part)}; it must be an object with \"type\" and \"text\"");
            if (Json.Find(part, "type") is not { } kind) throw place.Error("TD-18", "a part of \"content\" has no \"type\"");
            string type = Json.Text(kind, "type", place);
            if (type != "text") throw place.Error("TD-18", $"a part of \"content\" has the type {ParScaleException.Quote(type)}; only \"text\" is read");
            return Json.Find(part, "text") is { } text ? Json.Text(text, "text", place) : throw place.Error("TD-03", "a part of \"content\" has no \"text\"");
        }));
    }

    private static bool IsLearned(JsonElement message, string role, bool learnAnswers, RowLocation place)
    {
        (bool? marked, string by) = (null, "");
        foreach (string key in Marks)
        {
            if (Json.Find(message, key) is not { } value) continue;
            bool mark = Mark(value) ?? throw place.Error("TD-18", $"{ParScaleException.Quote(key)} of a message is {Json.Name(value)}; only 0 and 1, or true and false, are read");
            if (marked == !mark) throw place.Error("TD-18", $"{ParScaleException.Quote(by)} and {ParScaleException.Quote(key)} of a message say different things");
            (marked, by) = (mark, key);
        }
        // Only axolotl means by its mark that a message is learned whoever says it.
        if (marked == true && role != Assistant && by is "weight" or "loss")
            throw place.Error("TD-18", $"{ParScaleException.Quote(by)} says that a message of the role {ParScaleException.Quote(role)} is learned; only \"train\" can");
        return marked ?? (learnAnswers && role == Assistant);
    }

    private static bool? Mark(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetDouble(out double number) && number is 0 or 1 => number == 1,
        _ => null,
    };
}
