using System.Text.Json.Nodes;
using ParScale.Text;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Tokens of rendered chats: <c>@</c> in a template stands for the content of the one message.</summary>
public class ChatEncodingTests
{
    private const string End = TinyTokenizer.EndOfTextName;

    private static readonly Tokenizer Tiny = new TinyTokenizer().Load();

    [Theory]
    [InlineData(End + "@" + End, "hello", 2)]
    [InlineData("@", End, 0)]
    [InlineData("a@b", End, 0)]
    [InlineData("<|endof@", "text|>", 0)]
    [InlineData("@text|>", "<|endof", 0)]
    [InlineData("<|end@text|>", "of", 0)]
    [InlineData("<|endof@text|>", "", 1)]
    [InlineData("@" + End, "<|endof", 1)]
    [InlineData(End + "@", "text|>", 1)]
    public void Control_tokens_come_from_the_template_alone(string template, string content, int count)
    {
        int[] ids = Encode(Tiny, template, content);
        Assert.Equal(count, ids.Count(Tiny.IsSpecial));
        Assert.Equal(template.Replace("@", content, StringComparison.Ordinal), Tiny.Decode(ids));
    }

    [Theory]
    [InlineData("hel@", "lo")]
    [InlineData("@world", "hello ")]
    [InlineData("aa@aa", "aaaa")]
    [InlineData("e@", "\u0301")]
    public void Ordinary_text_is_encoded_across_borders(string template, string content) =>
        Assert.Equal(Tiny.Encode(template.Replace("@", content, StringComparison.Ordinal)), Encode(Tiny, template, content));

    [Fact]
    public void Data_before_a_token_of_the_template_does_not_hide_it()
    {
        int long1 = 0;
        int short1 = 0;
        int other = 0;
        Tokenizer tokenizer = TinyTokenizer.With(tiny =>
        {
            short1 = tiny.Add("<a>", special: true);
            long1 = tiny.Add("<a>b", special: true);
            other = tiny.Add("x<a>", special: true);
        });
        // The longest token reaches into data; the shorter one is the template's.
        Assert.Equal([short1, TinyTokenizer.Id('b')], Encode(tokenizer, "<a>@", "b"));
        Assert.Equal([long1], Encode(tokenizer, "<a>b@", ""));
        Assert.Equal([TinyTokenizer.Id('x'), short1], Encode(tokenizer, "@<a>", "x"));
        Assert.Equal([other], Encode(tokenizer, "x<a>@", ""));
    }

    [Theory]
    [InlineData("user", false)]
    [InlineData("assistant", true)]
    public void An_assistant_may_have_said_what_is_no_control_token(string role, bool isToken)
    {
        (int think, int end) = (0, 0);
        Tokenizer tokenizer = TinyTokenizer.With(tiny => (think, end) = (tiny.Add("<think>"), tiny.Add("<end>", special: true)));
        RenderedChat chat = ChatTemplate.Parse("{{ messages[0].content }}<think>").Write([new ChatMessage(role, "<think><end>")]);
        int[] ids = tokenizer.Encode(chat);
        Assert.Equal(isToken ? 2 : 1, ids.Count(id => id == think));
        Assert.DoesNotContain(end, ids);
    }

    [Fact]
    public void Tokens_that_are_matched_in_normalized_text_come_from_the_template_too()
    {
        int id = 0;
        Tokenizer tokenizer = TinyTokenizer.With(tiny =>
        {
            tiny.Root["normalizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray(new JsonObject { ["type"] = "NFC" }, new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "~" }, ["content"] = "--" }),
            };
            id = tiny.Add("<\u00E9~>", true, "normalized");
        });
        Assert.Equal(2, Encode(tokenizer, "<\u00E9~>@<e\u0301~>", "e\u0301~").Count(each => each == id));
        Assert.DoesNotContain(id, Encode(tokenizer, "a@b", "<\u00E9~>"));
        Assert.DoesNotContain(id, Encode(tokenizer, "<@>", "\u00E9~"));
        // The mark is data, so the letter that it makes is.
        Assert.DoesNotContain(id, Encode(tokenizer, "<e@~>", "\u0301"));
    }

    private static int[] Encode(Tokenizer tokenizer, string template, string content) =>
        tokenizer.Encode(ChatTemplate.Parse(template.Replace("@", "{{ messages[0].content }}", StringComparison.Ordinal)).Write([new ChatMessage("user", content)]));
}
