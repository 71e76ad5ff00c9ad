using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Small templates, one construct each: the text, the raised words or the failure of Python's Jinja.</summary>
public class SnippetVectorTests
{
    [Fact]
    public void Every_construct_gives_what_the_reference_gives()
    {
        JsonObject[] lines = ChatVectors.Lines("snippets.jsonl");
        Assert.True(lines.Length > 1000, "the file of snippets is cut off");
        List<ChatMessage> messages = ChatVectors.Messages(lines[0]);
        ChatTemplateOptions options = ChatVectors.Options(lines[0], addGenerationPrompt: true);
        var differences = new List<string>();
        foreach (JsonObject line in lines.Skip(1))
        {
            string source = line["source"]!.GetValue<string>();
            if (ChatVectors.Difference(line, () => ChatTemplate.Parse(source, "snippet").Render(messages, options)) is { } difference)
                differences.Add($"{source}: {difference}");
        }
        Assert.True(differences.Count == 0, $"{differences.Count} of {lines.Length - 1} differ:\n{string.Join('\n', differences)}");
    }
}
