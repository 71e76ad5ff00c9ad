using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Text;
using ParScale.Text.Bpe;

namespace ParScale.Tests.Text;

/// <summary>Tokenizer files as other tools write them: what changes nothing is accepted, what changes something is done.</summary>
public class WildFileTests
{
    private const string Sample = "It's 12:30, hello  world\n";

    /// <summary>Changes after which every text has the ids it had before.</summary>
    public static TheoryData<string, Action<TinyTokenizer>> Harmless() => new()
    {
        { "dropout 0.0", t => t.Model["dropout"] = 0.0 },
        { "dropout 0", t => t.Model["dropout"] = 0 },
        { "dropout -0.0", t => t.Model["dropout"] = -0.0 },
        { "no model type", t => t.Model.Remove("type") },
        { "model type null", t => t.Model["type"] = null },
        { "no post-processor", t => t.Root.Remove("post_processor") },
        { "a sequence of one post-processor", t => t.Root["post_processor"] = Processors(TinyTokenizer.ByteLevel(true, true)) },
        { "a sequence of none", t => t.Root["post_processor"] = Processors() },
        { "a sequence in a sequence", t => t.Root["post_processor"] = Processors(Processors(), Processors(TinyTokenizer.ByteLevel(false, false))) },
        { "ignore_merges null", t => t.Model["ignore_merges"] = null },
        { "no tokens for the bytes that no text has", t => Array.ForEach([0xC0, 0xC1, 0xF5, 0xFF], b => t.Vocabulary.Remove($"{ByteAlphabet.ToChar((byte)b)}")) },
        { "an added token twice", t => t.AddedTokens.Add(t.AddedTokens[0]!.DeepClone()) },
        { "version null", t => t.Root["version"] = null },
    };

    [Theory]
    [MemberData(nameof(Harmless), DisableDiscoveryEnumeration = true)]
    public void What_changes_nothing_is_accepted(string what, Action<TinyTokenizer> change)
    {
        Assert.NotEmpty(what);
        Tokenizer changed = TinyTokenizer.With(change);
        Assert.Equal(new TinyTokenizer().Load().Encode(Sample), changed.Encode(Sample));
        Assert.Empty(changed.Notices);
        Assert.Empty(changed.SelfTest());
    }

    [Fact]
    public void With_ignore_merges_a_word_that_is_a_token_is_taken_whole()
    {
        int whole = 0;
        int control = 0;
        Tokenizer tiny = TinyTokenizer.With(t =>
        {
            t.AddedTokens.Clear();
            t.Model["ignore_merges"] = true;
            t.Vocabulary["Ġzebra"] = whole = t.Vocabulary.Count;
            t.Vocabulary["zebras"] = control = t.Vocabulary.Count;
            t.AddedTokens.Add(new JsonObject { ["id"] = control, ["content"] = "zebras", ["special"] = true });
            t.AddedTokens.Add(new JsonObject { ["id"] = control + 1, ["content"] = "Ġlion", ["special"] = false });
        });
        Assert.Equal([whole], tiny.Encode(" zebra"));
        Assert.NotEqual(whole, tiny.Encode(" zebras")[0]);
        Assert.DoesNotContain(control, tiny.Encode("zebras"));
        Assert.DoesNotContain(control + 1, tiny.Encode(" lion"));
        Assert.Equal([tiny.IdOf("hello")!.Value], tiny.Encode("hello"));
        Assert.Equal(" zebra zebras lion", tiny.Decode(tiny.Encode(" zebra zebras lion")));
    }

    [Theory]
    [InlineData("đem", "mačka")]
    [InlineData("ÄĊ", "¡é")]
    [InlineData("Ġworldly", "ĠĠĠ")]
    public void Added_tokens_decode_as_themselves(params string[] contents)
    {
        int[] ids = [];
        Tokenizer tiny = TinyTokenizer.With(t => ids = [.. contents.Select(content => t.Add(content))]);
        string text = string.Join(' ', contents);
        Assert.Equal([ids[0], tiny.IdOf("Ġ") ?? 0, ids[1]], tiny.Encode(text));
        Assert.Equal(text, tiny.Decode(tiny.Encode(text)));
    }

    /// <summary>Files that people sent in, where the machine has them: <c>../shared/cases</c>.</summary>
    [Fact]
    public void Files_that_were_reported_give_the_expected_ids()
    {
        if (SharedFolder.Find("cases") is not { } reported)
        {
            Assert.Skip("the reported files are not on this machine");
            return;
        }
        string[] cases = Directory.GetDirectories(reported, "tok-*");
        Assert.NotEmpty(cases);
        foreach (string folder in cases)
        {
            Tokenizer tokenizer = Tokenizer.Load(folder);
            using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
            JsonElement[] ids = [.. expected.RootElement.GetProperty("ids").EnumerateArray()];
            string[] texts = [.. expected.RootElement.GetProperty("texts").EnumerateArray().Select(text => text.GetString() ?? "")];
            for (int i = 0; i < texts.Length; i++)
            {
                Assert.Equal(ReferenceVectors.Numbers(ids[i]), tokenizer.Encode(texts[i]));
                Assert.Equal(texts[i], tokenizer.Decode(tokenizer.Encode(texts[i])));
            }
        }
    }

    private static JsonObject Processors(params JsonNode[] steps) =>
        new() { ["type"] = "Sequence", ["processors"] = new JsonArray(steps) };
}
