using ParScale.Training.Data;

namespace ParScale.Training.Tests.Data;

public sealed class CorpusTests
{
    [Fact]
    public void The_last_part_of_the_characters_is_for_validation()
    {
        Corpus corpus = Corpus.Split("abcdefghij", 0.3);
        Assert.Equal(new Corpus("abcdefg", "hij"), corpus);
    }

    [Fact]
    public void A_character_of_two_units_is_never_cut()
    {
        Corpus corpus = Corpus.Split("abc\U0001F600", 0.2);
        Assert.Equal(new Corpus("abc", "\U0001F600"), corpus);
    }

    [Theory]
    [InlineData(new byte[] { }, "TR-02")]
    [InlineData(new byte[] { 0x20, 0x0A }, "TR-02")]
    [InlineData(new byte[] { 0x61, 0xFF, 0x62 }, "TR-03")]
    public void Text_that_is_none_is_refused(byte[] bytes, string code)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("x.txt"), bytes);
        var error = Assert.Throws<ParScaleException>(() => Corpus.Read(folder.File("x.txt")));
        Assert.Equal((code, ErrorKind.BadInput), (error.Code, error.Kind));
        Assert.StartsWith("x.txt: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused() =>
        Assert.Equal("TR-01", Assert.Throws<ParScaleException>(() => Corpus.Read("/nowhere/at/all.txt")).Code);
}
