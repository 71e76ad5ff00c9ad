using CsCheck;
using ParScale.Text;

namespace ParScale.Tests.Text;

public class TextStreamTests
{
    private static readonly Tokenizer Tiny = new TinyTokenizer().Load();

    [Fact]
    public void Streamed_text_equals_the_whole_for_any_ids() =>
        Gen.Select(Gen.Int[0, Tiny.VocabularySize - 1].Array[0, 30], Gen.Bool).Sample((ids, skipSpecial) =>
        {
            TextStream stream = Tiny.CreateStream(skipSpecial);
            string streamed = string.Concat(ids.Select(stream.Append)) + stream.Flush();
            return streamed == Tiny.Decode(ids, skipSpecial);
        });

    [Fact]
    public void Streamed_text_equals_the_whole_for_any_text() => TokenizerTests.AnyText.Sample(text =>
    {
        TextStream stream = Tiny.CreateStream();
        int[] ids = Tiny.Encode(text);
        return string.Concat(ids.Select(stream.Append)) + stream.Flush() == Tiny.Decode(ids);
    });

    [Fact]
    public void No_piece_holds_half_a_character()
    {
        TextStream stream = Tiny.CreateStream();
        string[] pieces = [.. Tiny.Encode("é🚀").Select(stream.Append)];
        Assert.Equal(["", "é", "", "", "🚀"], pieces);
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void An_unfinished_character_comes_out_at_the_end_and_the_stream_starts_anew()
    {
        TextStream stream = Tiny.CreateStream();
        Assert.Equal("", stream.Append(Tiny.Encode("é")[0]));
        Assert.Equal("\uFFFD", stream.Flush());
        Assert.Equal("a", stream.Append(Tiny.Encode("a")[0]) + stream.Flush());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1 << 30)]
    public void A_wrong_id_is_refused_and_leaves_the_stream_as_it_was(int id)
    {
        int[] letter = Tiny.Encode("é");
        TextStream stream = Tiny.CreateStream();
        stream.Append(letter[0]);
        Assert.Equal("TK-14", Assert.Throws<ParScaleException>(() => stream.Append(id)).Code);
        Assert.Equal("é", stream.Append(letter[1]));
    }
}
