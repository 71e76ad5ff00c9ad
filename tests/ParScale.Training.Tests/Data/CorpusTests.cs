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
    public void A_fault_is_named_with_its_line_and_no_line_is_over_64_MiB()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("x.txt"), [0x61, 0x0A, 0x0A, 0x62, 0xFF]);
        Assert.Contains("line 3: is not UTF-8 (byte 4)", Assert.Throws<ParScaleException>(() => Corpus.Read(folder.File("x.txt"))).Message, StringComparison.Ordinal);
        using (FileStream file = File.Create(folder.File("long.txt")))
        {
            file.Write("a\n"u8);
            file.SetLength(file.Length + (64 << 20) + 1);
        }
        var error = Assert.Throws<ParScaleException>(() => Corpus.Read(folder.File("long.txt")));
        Assert.Equal(("TD-05", ErrorKind.BadInput), (error.Code, error.Kind));
        Assert.StartsWith("long.txt: line 2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused() =>
        Assert.Equal("TR-01", Assert.Throws<ParScaleException>(() => Corpus.Read("/nowhere/at/all.txt")).Code);

    [Fact]
    public void A_folder_and_a_compressed_file_are_called_so()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("x.txt.gz"), [0x1F, 0x8B, 8, 0, 0]);
        Assert.Contains("is compressed", Assert.Throws<ParScaleException>(() => Corpus.Read(folder.File("x.txt.gz"))).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<ParScaleException>(() => Corpus.Read(folder.Path)).Message, StringComparison.Ordinal);
    }
}
