using System.Text.Json.Nodes;

namespace ParScale.Text.Chat.Tools;

/// <summary>
/// What a template does with tools, read off what it writes: whether a conversation with tools differs from one without, and in which
/// format it writes a call. The format is the one whose parser reads that call back. A template that writes no calls tells the model by
/// words; then it is the one format whose mark stands in its text.
/// </summary>
/// <param name="ShowsTools">Whether the model is shown the tools.</param>
/// <param name="Format">How calls are written; null when that is not known.</param>
internal sealed record ToolSupport(bool ShowsTools, ToolCallFormat? Format)
{
    private const string Called = "called_function", Argument = "an_argument";

    // Marks of formats that write something else than JSON between the tags of Hermes.
    private static readonly string[] OtherSyntax = ["<arg_key>", "<function=", "<parameter=", "[ARGS]"];

    /// <summary>Reads it off short conversations.</summary>
    public static ToolSupport Of(ChatTemplate template)
    {
        var question = new ChatMessage("user", "question");
        var call = new ChatMessage("assistant", "")
        {
            Fields = new JsonObject
            {
                ["tool_calls"] = new JsonArray(new JsonObject
                {
                    ["id"] = "abcdefghi",
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = Called, ["arguments"] = new JsonObject { [Argument] = 1 } },
                }),
            },
        };
        string? without = Write(template, [question], null, opens: true);
        string? shown = Write(template, [question], Tools(), opens: true);
        // A template that refuses these may take others.
        if (shown is not null && shown == without) return new ToolSupport(false, null);
        string called = Write(template, [question, call], Tools(), opens: false) ?? "";
        // The model's part begins after what the generation prompt and the finished turn have in common. Where the prompt has more, such as
        // the beginning of a thought, that may be within a mark; so it is also looked for after the question.
        string[] turns = [.. new[] { shown, Write(template, [question], Tools(), opens: false) }.Select(before => called[called.AsSpan().CommonPrefixLength(before)..])];
        bool writes = called.Contains(Called, StringComparison.Ordinal);
        return new ToolSupport(true, writes ? ToolCallFormat.All.FirstOrDefault(format => turns.Any(turn => Reads(format, turn))) : Told(template.ToolSource));
    }

    private static bool Reads(ToolCallFormat format, string turn)
    {
        if (format.AfterName is null && !turn.Contains($"\"{format.ArgumentsKey}\"", StringComparison.Ordinal)) return false;
        var parser = new ToolCallParser(format, new HashSet<string> { Called });
        return parser.Append(turn).Calls is [ToolCall one] && JsonNode.DeepEquals(JsonNode.Parse(one.Arguments), new JsonObject { [Argument] = 1 });
    }

    private static ToolCallFormat? Told(string source)
    {
        if (OtherSyntax.Any(mark => source.Contains(mark, StringComparison.Ordinal))) return null;
        ToolCallFormat[] named = [.. ToolCallFormat.All.Where(format => !format.IsBare
            && format.Marks.All(mark => source.Contains(mark, StringComparison.Ordinal)))];
        return named is [ToolCallFormat only] ? only : null;
    }

    private static string? Write(ChatTemplate template, ChatMessage[] messages, JsonArray? tools, bool opens)
    {
        try
        {
            // At a fixed time, or a clock that moves on would look like a difference.
            return template.Render(messages, new ChatTemplateOptions { Tools = tools, AddGenerationPrompt = opens, Now = DateTimeOffset.UnixEpoch }).Text;
        }
        catch (ParScaleException)
        {
            return null;
        }
    }

    private static JsonArray Tools() => new(new JsonObject
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = "offered_function",
            ["description"] = "a description",
            ["parameters"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["offered"] = new JsonObject { ["type"] = "integer", ["description"] = "a number" } },
                ["required"] = new JsonArray("offered"),
            },
        },
    });
}
