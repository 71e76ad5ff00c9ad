using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Text.Chat.Jinja;
using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat;

/// <summary>The variables that a template finds, by the names that Transformers gives them.</summary>
internal sealed class ChatVariables(Run run)
{
    private const int LongestNumber = 4300;
    private static readonly string[] Reserved = ["messages", "tools", "documents", "add_generation_prompt"];

    // Templates make control tokens of them, as in <|user|>; so these words, as a role and nowhere else, count as the template's.
    private static readonly string[] Roles = ["system", "user", "assistant", "tool", "developer", "function", "ipython", "observation", "model"];

    /// <exception cref="ParScaleException">A variable has the name of something else, or JSON does not go into a template.</exception>
    public Scope Create(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions options, NamedTokens tokens)
    {
        var scope = new Scope(run, outer: null);
        foreach (Builtin function in Globals.All) scope[function.Name] = new BuiltinValue(function, NoneValue.Instance);
        foreach ((string name, string text) in tokens.Named) scope[name] = TextValue.Template(text);
        if (tokens.Additional.Count > 0) scope["additional_special_tokens"] = run.List([.. tokens.Additional.Select(TextValue.Template)]);
        foreach ((string name, string text) in options.SpecialTokens ?? new Dictionary<string, string>()) scope[name] = TextValue.Template(text);
        foreach ((string name, JsonNode? value) in options.Variables ?? [])
        {
            if (Array.IndexOf(Reserved, name) >= 0)
                throw ParScaleException.Usage("CT-17", $"a template variable cannot be named {ParScaleException.Quote(name)}, which has a meaning of its own");
            scope[name] = Read(value, name, TextTag.Data);
        }
        scope["messages"] = run.List([.. messages.Select(Message)]);
        scope["tools"] = Read(options.Tools, "tools", TextTag.Data);
        scope["documents"] = Read(options.Documents, "documents", TextTag.Data);
        scope["add_generation_prompt"] = BoolValue.Of(options.AddGenerationPrompt);
        return scope;
    }

    private DictValue Message(ChatMessage message, int index)
    {
        bool isAssistant = message.Role == "assistant";
        TextTag tag = TextTag.OfMessage(index, isAssistant, isContent: false);
        TextTag said = TextTag.OfMessage(index, isAssistant, isContent: true);
        var entries = new List<KeyValuePair<Value, Value>>
        {
            Entry("role", new TextValue(new TaggedText(message.Role, Array.IndexOf(Roles, message.Role) >= 0 ? TextTag.Template : tag))),
        };
        bool isElsewhere = message.Fields?.ContainsKey("content") == true;
        if (message.Content is not null && !isElsewhere) entries.Add(Entry("content", new TextValue(new TaggedText(message.Content, said))));
        if (message.Fields is not null) entries.AddRange(Parse(message.Fields, "a message", Fields));
        return run.Dict(entries);

        List<KeyValuePair<Value, Value>> Fields(JsonElement fields) =>
            [.. fields.EnumerateObject().Where(field => field.Name != "role")
                .Select(field => Entry(field.Name, Read(field.Value, field.Name == "content" ? said : tag)))];

        KeyValuePair<Value, Value> Entry(string name, Value value) => new(TextValue.Data(name), value);
    }

    private Value Read(JsonNode? node, string what, TextTag tag) => node is null ? NoneValue.Instance : Parse(node, what, element => Read(element, tag));

    // Through its text: a node may hold values of any type of .NET.
    private static T Parse<T>(JsonNode node, string what, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(node.ToJsonString(), new JsonDocumentOptions { MaxDepth = 1000 });
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or NotSupportedException)
        {
            throw ParScaleException.Usage("CT-17", $"{what}: is no JSON that a template can be given ({ParScaleException.Escape(e.Message)})");
        }
    }

    private Value Read(JsonElement element, TextTag tag)
    {
        run.Step();
        return element.ValueKind switch
        {
            JsonValueKind.String => new TextValue(new TaggedText(element.GetString() ?? "", tag)),
            JsonValueKind.Number => Number(element.GetRawText()),
            JsonValueKind.True => BoolValue.True,
            JsonValueKind.False => BoolValue.False,
            JsonValueKind.Array => run.List([.. element.EnumerateArray().Select(item => Read(item, tag))]),
            JsonValueKind.Object => run.Dict(element.EnumerateObject().Select(field =>
                new KeyValuePair<Value, Value>(new TextValue(new TaggedText(field.Name, tag)), Read(field.Value, tag)))),
            _ => NoneValue.Instance,
        };
    }

    private Value Number(string text)
    {
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0) return new FloatValue(double.Parse(text, CultureInfo.InvariantCulture), fromTemplate: false);
        if (text.Length > LongestNumber) throw run.Error("CT-04", $"is given a number of more than {LongestNumber} digits");
        return IntValue.Data(BigInteger.Parse(text, CultureInfo.InvariantCulture));
    }
}
