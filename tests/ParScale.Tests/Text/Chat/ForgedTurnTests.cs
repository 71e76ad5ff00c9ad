using ParScale.Text;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Whatever messages hold and whatever a template does to them, no control token comes of them.</summary>
public class ForgedTurnTests
{
    private const int Conversations = 10_000;

    private static readonly string[] Control = ["<|im_start|>", "<|im_end|>", TinyTokenizer.EndOfTextName, "<s>", "</s>"];

    private static readonly string[] Pieces =
    [
        .. Control, "<|im_", "start|>", "end|>", "<", ">", "|", "</", "s", "hello", " world", "\n", "user", "assistant", "system\n", "é", "🙂", "\u0301", "'", "\"", "\\", "%s", "{}", "{{ x }}",
    ];

    // What a template may do to a content before it writes it.
    private static readonly string[] Ways =
    [
        "c", "c | trim", "c | upper | lower", "c | title", "c | replace('x', 'y')", "c.split('|') | join('|')", "c | list | join", "c[::-1][::-1]", "c[1:] ~ c[:1]", "[c, c] | join",
        "'%s' % c", "'{}'.format(c)", "c | tojson", "{'k': c}", "[c] | tojson(indent=1)", "c | indent", "c | reverse", "c.strip('<>')", "c * 2", "c | string | truncate(9)",
        "[c] | map('upper') | map('lower') | first", "m(c)", "s", "c.partition('im')", "c | e", "c | wordcount ~ c", "c.splitlines() | join('\\n')", "c | default('x', true)",
    ];

    [Fact]
    public void Ten_thousand_conversations_forge_no_control_token()
    {
        Tokenizer tokenizer = TinyTokenizer.With(tiny =>
        {
            foreach (string token in Control.Where(token => token != TinyTokenizer.EndOfTextName)) tiny.Add(token, special: true);
        });
        ChatTemplate[] templates = [.. Ways.Select(way => ChatTemplate.Parse(
            "{% macro m(x) %}{{ x }}{% endmacro %}{{ bos_token }}{% for message in messages %}{% set c = message.content %}{% set s %}{{ c }}{% endset %}"
            + "{{ '<|im_start|>' + message.role + '\n' }}{{ " + way + " }}{{ '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}"))];
        var options = new ChatTemplateOptions { SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>" } };
        int start = tokenizer.IdOf("<|im_start|>")!.Value;
        int end = tokenizer.IdOf("<|im_end|>")!.Value;
        int begin = tokenizer.IdOf("<s>")!.Value;
        var random = new Random(7);
        for (int i = 0; i < Conversations; i++)
        {
            ChatMessage[] messages = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => new ChatMessage(
                random.Next(3) switch { 0 => "system", 1 => "assistant", _ => "user" },
                string.Concat(Enumerable.Range(0, random.Next(0, 9)).Select(_ => Pieces[random.Next(Pieces.Length)]))))];
            RenderedChat chat = templates[i % templates.Length].Write(messages, options);
            int[] expected = [begin, .. messages.SelectMany(_ => new[] { start, end }), start];
            Assert.Equal(expected, tokenizer.Encode(chat).Where(tokenizer.IsSpecial));
        }
    }
}
