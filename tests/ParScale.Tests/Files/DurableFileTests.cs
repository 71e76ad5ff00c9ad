using ParScale.Files;

namespace ParScale.Tests.Files;

public sealed class DurableFileTests
{
    [Fact]
    public void A_file_is_the_old_one_until_it_is_the_new_one()
    {
        using var folder = new TempFolder();
        string path = folder.Write("f", "old");
        DurableFile.Replace(path, stream =>
        {
            stream.Write("new"u8);
            Assert.Equal("old", File.ReadAllText(path));
        });
        Assert.Equal("new", File.ReadAllText(path));
        DurableFile.ReplaceText(folder.File("first"), "é");
        Assert.Equal("é", File.ReadAllText(folder.File("first")));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [Fact]
    public void A_failure_leaves_the_old_file_and_nothing_beside_it()
    {
        using var folder = new TempFolder();
        string path = folder.Write("f", "old");
        Assert.Throws<IOException>(() => DurableFile.Replace(path, stream =>
        {
            stream.Write("half"u8);
            throw new IOException("no space");
        }));
        // A folder stands where the file should go: the rename fails.
        Directory.CreateDirectory(folder.File("d"));
        Assert.ThrowsAny<Exception>(() => DurableFile.ReplaceText(folder.File("d"), "x"));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([folder.File("d"), path], Directory.GetFileSystemEntries(folder.Path).Order());
    }

    [Fact]
    public void What_a_kill_left_is_removed_and_nothing_else()
    {
        using var folder = new TempFolder();
        string left = "";
        DurableFile.Replace(folder.File("f"), stream =>
        {
            // A copy of the file as it is while it is written, which no one will rename.
            left = Path.GetFileName(stream.Name);
            File.WriteAllText(stream.Name + "-copy", "half");
        });
        Assert.StartsWith(DurableFile.Unfinished, left, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
        DurableFile.RemoveUnfinished(folder.Path);
        Assert.Equal([folder.File("f")], Directory.GetFiles(folder.Path));
    }
}
