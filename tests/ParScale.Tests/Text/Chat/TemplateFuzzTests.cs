using System.Text;
using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Templates with random changes: they run, or end with one clear line, and nothing else.</summary>
public class TemplateFuzzTests
{
    private const int Changed = 30_000;

    private static readonly string[] Words =
    [
        "{{ ", " }}", "{% ", " %}", "{%- ", " -%}", "{# ", " #}", "{% if ", "{% endif %}", "{% for a in ", "{% endfor %}", "{% set x = ", "{% set x %}", "{% endset %}", "{% macro m(a, b=1) %}",
        "{% endmacro %}", "m(", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", ":", ",", ".", "|", "~", "+", "-", "*", "**", "//", "/", "%", "==", "<", "in ", "is ", "not ", "and ", "or ", " if ", " else ",
        "0", "1", "-1", "99999999999999999999", "1e308", "1.5", "none", "true", "x", "messages", "messages[0]", "loop", "loop.index", ".content", "['role']", "[1:]", "[::-1]", "range(9)",
        "namespace(a=1)", "ns.x", "|tojson", "|join(',')", "|map('upper')", "|selectattr('role')", "|sort", "|int", "|round(2)", "|format(1)", "|indent(2)", "|batch(2)", "|groupby('role')", "|default(1)",
        ".split('a')", ".format(1)", ".items()", ".get('a')", ".center(9)", ".zfill(9)", "'%d %s %5.2f'", "'{:>9} {!r}'", "is defined", "is divisibleby(0)", "é", "🙂", "\ud800", "\n", "\0", "strftime_now('%Y %-d')",
    ];

    private static readonly ChatMessage[] Messages =
        [new("system", "Be terse."), new("user", "Hi 🙂\u0301"), new("assistant", null) { Fields = JsonNode.Parse("""{"tool_calls":[{"function":{"name":"f","arguments":{"a":1.5}}}]}""")!.AsObject() }];

    [Fact]
    public void Changed_templates_run_or_are_refused()
    {
        string[] sources = [.. ChatVectors.Lines("snippets.jsonl").Skip(1).Select(line => line["source"]!.GetValue<string>())];
        var random = new Random(3);
        var options = new ChatTemplateOptions { Budget = ChatTemplateBudget.Default with { Steps = 20_000, Characters = 100_000 }, Tools = [new JsonObject { ["name"] = "f" }] };
        int ran = 0;
        for (int i = 0; i < Changed; i++)
        {
            string source = Change(sources[random.Next(sources.Length)], sources, random);
            try
            {
                ChatTemplate.Parse(source).Write(Messages, options);
                ran++;
            }
            catch (ParScaleException error)
            {
                Assert.True(!error.Message.Contains('\n', StringComparison.Ordinal) && error.Code.StartsWith("CT-", StringComparison.Ordinal), source);
            }
            catch (Exception error)
            {
                Assert.Fail($"{error.GetType().Name} for {System.Text.Json.JsonSerializer.Serialize(source)}: {error.Message}\n{error.StackTrace}");
            }
        }
        Assert.InRange(ran, Changed / 20, Changed);
    }

    private static string Change(string source, string[] sources, Random random)
    {
        var text = new StringBuilder(source);
        for (int count = random.Next(1, 5); count > 0; count--)
        {
            int at = random.Next(text.Length + 1);
            switch (random.Next(4))
            {
                case 0: text.Insert(at, Words[random.Next(Words.Length)]); break;
                case 1 when at < text.Length: text.Remove(at, Math.Min(text.Length - at, random.Next(1, 6))); break;
                case 2 when at < text.Length: text[at] = Words[random.Next(Words.Length)][0]; break;
                default: text.Insert(at, sources[random.Next(sources.Length)]); break;
            }
        }
        return text.ToString();
    }
}
