using ParScale.Files;

namespace ParScale.Tests.Files;

public sealed class DiskFlushTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(28)]
    public void An_error_of_the_disk_is_not_passed_over(int error)
    {
        var thrown = Assert.Throws<IOException>(() => DiskFlush.Refuse(error, "x"));
        Assert.StartsWith("\"x\" cannot be flushed to the disk: ", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_flushed_and_what_has_nothing_to_flush_is_passed_over()
    {
        using var folder = new TempFolder();
        using var file = new FileStream(folder.File("f"), FileMode.CreateNew, FileAccess.Write);
        file.Write("abc"u8);
        DiskFlush.File(file);
        Assert.Equal(3, new FileInfo(folder.File("f")).Length);
        DiskFlush.Refuse(22, "a pipe");
    }

    [Fact]
    public void A_folder_is_flushed_and_one_that_cannot_be_opened_is_passed_over()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("é"));
        DiskFlush.Folder(folder.File("é"));
        DiskFlush.Folder(folder.File("not there"));
    }
}
