using ParScale.Text;

namespace ParScale.Tests.Text;

public class AddedTokenTests
{
    private const string End = TinyTokenizer.EndOfTextName;

    [Theory]
    [InlineData(End)]
    [InlineData(End + "hello")]
    [InlineData("hello" + End)]
    [InlineData("hello" + End + "world")]
    [InlineData(End + End)]
    [InlineData("<|<|endoftext|>endoftext|>")]
    public void TK12_ordinary_text_never_holds_control_tokens(string text)
    {
        Tokenizer tiny = new TinyTokenizer().Load();
        int[] ids = tiny.Encode(text);
        Assert.DoesNotContain(ids, tiny.IsSpecial);
        Assert.Equal(text, tiny.Decode(ids, skipSpecial: true));
        Assert.Contains(tiny.Encode(text, parseSpecial: true), tiny.IsSpecial);
    }

    [Fact]
    public void TK12_nor_does_a_token_split_over_two_messages()
    {
        Tokenizer tiny = new TinyTokenizer().Load();
        for (int cut = 0; cut <= End.Length; cut++)
        {
            int[] ids = [.. tiny.Encode(End[..cut]), .. tiny.Encode(End[cut..])];
            Assert.DoesNotContain(ids, tiny.IsSpecial);
        }
    }

    [Fact]
    public void TK12_a_merge_that_would_make_a_control_token_is_never_done()
    {
        int id = 0;
        Tokenizer tiny = TinyTokenizer.With(t =>
        {
            t.AddedTokens.Clear();
            id = t.Vocabulary["hello"]!.GetValue<int>();
            t.AddedTokens.Add(new System.Text.Json.Nodes.JsonObject { ["id"] = id, ["content"] = "hello", ["special"] = true });
        });
        Assert.Equal([tiny.IdOf("hell")!.Value, tiny.IdOf("o")!.Value], tiny.Encode("hello"));
        Assert.Equal([id], tiny.Encode("hello", parseSpecial: true));
    }

    [Fact]
    public void Special_tokens_can_be_left_out_of_the_text()
    {
        Tokenizer tiny = new TinyTokenizer().Load();
        int[] ids = tiny.Encode("hello" + End + " world", parseSpecial: true);
        Assert.Equal("hello world", tiny.Decode(ids, skipSpecial: true));
        Assert.Equal("hello" + End + " world", tiny.Decode(ids));
        Assert.True(tiny.IsSpecial(tiny.IdOf(End)!.Value));
        Assert.False(tiny.IsSpecial(0));
        Assert.Null(tiny.IdOf("no such token"));
    }

    // In each text the added token is <x>; | marks where it begins and ends together with the white space it takes.
    [Theory]
    [InlineData("a <x> b", "a| <x> |b", "lstrip", "rstrip")]
    [InlineData("a <x> b", "a| <x>| b", "lstrip")]
    [InlineData("a <x> b", "a |<x> |b", "rstrip")]
    [InlineData("a <x> b", "a |<x>| b")]
    [InlineData("a <x> b", "a |<x>| b", "single_word")]
    [InlineData("a<x>b", "a<x>b", "single_word")]
    [InlineData("a<x>-", "a<x>-", "single_word")]
    [InlineData("-<x>", "-|<x>|", "single_word")]
    [InlineData("𝐀<x>", "𝐀<x>", "single_word")]
    [InlineData("<x> <x>", "|<x> ||<x>|", "lstrip", "rstrip")]
    public void Flags_say_where_a_token_matches_and_what_it_takes(string text, string marked, params string[] flags)
    {
        int id = 0;
        Tokenizer tiny = TinyTokenizer.With(t => id = t.Add("<x>", special: false, flags));
        string[] parts = marked.Split('|');
        int[] expected = [.. parts.SelectMany((part, i) => i % 2 == 1 ? [id] : tiny.Encode(part))];
        Assert.Equal(expected, tiny.Encode(text));
    }

    [Fact]
    public void The_longest_of_the_tokens_that_start_together_wins()
    {
        int longer = 0;
        int shorter = 0;
        Tokenizer tiny = TinyTokenizer.With(t => (shorter, longer) = (t.Add("<x"), t.Add("<xy>")));
        Assert.Equal([longer], tiny.Encode("<xy>"));
        Assert.Equal([shorter, tiny.IdOf("y")!.Value], tiny.Encode("<xy"));
    }

    [Fact]
    public void Normalized_tokens_are_found_in_composed_text_only()
    {
        int composed = 0;
        int asGiven = 0;
        Tokenizer tiny = TinyTokenizer.With(t => (composed, asGiven) = (t.Add("cafe\u0301", special: false, "normalized"), t.Add("ññ")));
        Assert.Equal([composed], tiny.Encode("café"));
        Assert.Equal([composed], tiny.Encode("cafe\u0301"));
        Assert.Equal([asGiven], tiny.Encode("ññ"));
        Assert.DoesNotContain(asGiven, tiny.Encode("n\u0303n\u0303"));
    }
}
