using ParScale.Checkpoints;

namespace ParScale.Training.Tests.Checkpointing;

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
        string path = Path.GetTempFileName();
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write))
        {
            file.Write("abc"u8);
            DiskFlush.Flush(file);
            Assert.Equal(3, new FileInfo(path).Length);
        }
        File.Delete(path);
        DiskFlush.Refuse(22, "a pipe");
    }
}
