using System.Text;
using CsCheck;
using ParScale.Cli.Chat.Editing;

namespace ParScale.Cli.Tests.Chat.Editing;

/// <summary>Bytes of terminals, cut anywhere, as keys.</summary>
public class KeyDecoderTests
{
    [Theory]
    [InlineData("\u001b[A", nameof(EditAction.Up))]
    [InlineData("\u001bOA", nameof(EditAction.Up))]
    [InlineData("\u001b[1~", nameof(EditAction.Home))]
    [InlineData("\u001b[H", nameof(EditAction.Home))]
    [InlineData("\u0001", nameof(EditAction.Home))]
    [InlineData("\u001b[8~", nameof(EditAction.End))]
    [InlineData("\u0005", nameof(EditAction.End))]
    [InlineData("\u001b[3~", nameof(EditAction.Delete))]
    [InlineData("\u001b[1;5D", nameof(EditAction.WordLeft))]
    [InlineData("\u001bf", nameof(EditAction.WordRight))]
    [InlineData("\u001b\u007f", nameof(EditAction.KillWord))]
    [InlineData("\u0017", nameof(EditAction.KillWord))]
    [InlineData("\u000b", nameof(EditAction.KillToEnd))]
    [InlineData("\u0015", nameof(EditAction.KillToStart))]
    [InlineData("\r", nameof(EditAction.Enter))]
    [InlineData("\n", nameof(EditAction.Enter))]
    [InlineData("\u001b\r", nameof(EditAction.NewLine))]
    [InlineData("\u001b[13;2u", nameof(EditAction.NewLine))]
    [InlineData("\u007f", nameof(EditAction.Backspace))]
    [InlineData("\u0003", nameof(EditAction.Interrupt))]
    [InlineData("\u0004", nameof(EditAction.DeleteOrEnd))]
    public void Keys_are_known(string bytes, string action) => Assert.Equal(action, Assert.Single(Decode(bytes)).Action.ToString());

    [Theory]
    [InlineData("\u001b[<0;12;3M")]
    [InlineData("\u001b[?1;2c")]
    [InlineData("\u001b[[A")]
    [InlineData("\u001b[99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99z")]
    [InlineData("\u001bx")]
    [InlineData("\u0000\u001f")]
    public void What_is_unknown_types_nothing(string bytes) => Assert.DoesNotContain(Decode(bytes), key => key.Action == EditAction.Insert);

    [Fact]
    public void A_paste_is_one_text_whatever_is_in_it()
    {
        EditKey[] keys = [.. Decode("a\u001b[200~one\r\ntwo\rthree\ttab\u001b[31m\u0003\u001b[201~b")];
        Assert.Equal([new(EditAction.Insert, "a"), new(EditAction.Insert, "one\ntwo\nthree\ttab[31m"), new(EditAction.Insert, "b")], keys);
    }

    [Fact]
    public void Wherever_the_bytes_are_cut_the_keys_are_the_same() =>
        Gen.Select(Gen.OneOf("é", "日本", "😀", "abc", "\u001b[A", "\u001b[1;5C", "\r", "\u001b[200~x\ny😀\u001b[201~", "\u0001", "\u001bOD").Array[1, 12], Gen.Int[1, 5]).Sample((parts, size) =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(parts));
            var whole = new KeyDecoder();
            var cut = new KeyDecoder();
            Assert.Equal(Joined(whole.Decode(bytes)), Joined(bytes.Chunk(size).SelectMany(chunk => cut.Decode(chunk))));
        });

    // A text that comes in several reads is several insertions of parts of it.
    private static string Joined(IEnumerable<EditKey> keys) =>
        string.Concat(keys.Select(key => key.Action == EditAction.Insert ? key.Text : $"<{key.Action}>"));

    private static IReadOnlyList<EditKey> Decode(string text) => new KeyDecoder().Decode(Encoding.UTF8.GetBytes(text));
}
