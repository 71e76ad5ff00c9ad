using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Tests.Memory;

public class MappedFileTests
{
    [Theory]
    [InlineData(0, 10_000)]
    [InlineData(9_999, 1)]
    [InlineData(5_000, long.MaxValue)]
    [InlineData(10_000, 1)]
    public void Reading_ahead_changes_nothing(long offset, long length)
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] bytes = [.. Enumerable.Range(0, 10_000).Select(i => (byte)i)];
            File.WriteAllBytes(path, bytes);
            using var file = new MappedFile(path);
            file.Prefetch(offset, length);
            Assert.Equal(bytes, file.Slice(0, bytes.Length));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
