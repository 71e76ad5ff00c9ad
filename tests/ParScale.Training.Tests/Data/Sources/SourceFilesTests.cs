using ParScale.Training.Data.Sources;

namespace ParScale.Training.Tests.Data.Sources;

public sealed class SourceFilesTests
{
    [Fact]
    public void Folders_give_their_matching_files_in_order_without_hidden_ones_and_loops()
    {
        using var folder = new TempFolder();
        foreach (string name in (string[])["b/2.py", "a/1.py", "a/.git/x.py", "a/.hidden.py", "a/no.txt", "c/Z.py"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            File.WriteAllText(folder.File(name), "x");
        }
        if (!OperatingSystem.IsWindows()) Directory.CreateSymbolicLink(folder.File("a/loop"), folder.Path);
        string[] expected = [folder.File("c/Z.py"), folder.File("a/1.py"), folder.File("b/2.py"), folder.File("c/Z.py")];
        Assert.Equal(expected, SourceFiles.Find([folder.File("c/Z.py"), folder.Path], "*.py"));
    }

    [Fact]
    public void Missing_and_empty_places_are_named()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("empty.txt"), "");
        foreach (string path in (string[])[folder.File("none"), folder.Path + "/*", folder.File("empty.txt")])
            Assert.Equal("TD-01", Assert.Throws<ParScaleException>(() => SourceFiles.Find([path], "*")).Code);
        Assert.Equal("TD-01", Assert.Throws<ParScaleException>(() => SourceFiles.Find([folder.Path], "*.py")).Code);
    }

    [Theory]
    [InlineData("a.jsonl", "Jsonl")]
    [InlineData("A.JSON", "Json")]
    [InlineData("a.jsonl.gz", "Jsonl")]
    [InlineData("a.json.zst", "Json")]
    [InlineData("a.txt.GZ", "Text")]
    [InlineData("a.parquet", "Parquet")]
    [InlineData("a.py", "Text")]
    [InlineData("README", "Text")]
    public void Names_tell_the_format(string name, string format) => Assert.Equal(format, SourceFiles.FormatOf(name).ToString());
}
