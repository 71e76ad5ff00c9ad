using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Templates in the manner of known model families: every conversation has the text that Python's Jinja gives it.</summary>
public class TemplateVectorTests
{
    private static readonly ILookup<string, JsonObject> Vectors = ChatVectors.Lines("vectors.jsonl").ToLookup(vector => vector["template"]!.GetValue<string>());

    /// <summary>The names of the templates.</summary>
    public static TheoryData<string> Names() => [.. ChatVectors.Templates()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_conversation_has_the_text_of_the_reference(string name)
    {
        ChatTemplate template = ChatVectors.Template(name);
        Assert.Equal(ChatVectors.Conversations.Count, Vectors[name].Count());
        foreach (JsonObject vector in Vectors[name])
        {
            string title = vector["conversation"]!.GetValue<string>();
            JsonNode conversation = ChatVectors.Conversations[title]!;
            foreach ((string kind, bool prompt) in (ReadOnlySpan<(string, bool)>)[("continued", false), ("closed", false), ("open", true)])
            {
                if (vector[kind] is not JsonObject expected) continue;
                if (expected["adds"] is { } added) expected = With(vector["closed"]!.AsObject(), added.GetValue<string>());
                ChatTemplateOptions options = ChatVectors.Options(conversation, prompt) with { ContinueFinalMessage = kind == "continued" };
                string? difference = ChatVectors.Difference(expected, () => template.Render(ChatVectors.Messages(conversation), options));
                Assert.True(difference is null, $"{name}, {title}, {kind}: {difference}");
            }
        }
    }

    [Fact]
    public void There_are_forty_templates_and_twelve_conversations()
    {
        Assert.True(Names().Count >= 40);
        Assert.True(ChatVectors.Conversations.Count >= 12);
    }

    // What the generation prompt adds is written alone.
    private static JsonObject With(JsonObject closed, string added)
    {
        JsonObject open = closed.DeepClone().AsObject();
        open["text"] = closed["text"]!.GetValue<string>() + added;
        return open;
    }
}
