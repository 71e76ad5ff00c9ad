using System.IO.Compression;
using System.Text;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Tests.Data.Sources;

public sealed class CompressionTests
{
    private static readonly byte[] Lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"text\":\"{i} the king\"}}\n")));

    [Theory]
    [InlineData("a.jsonl.gz", "gzip")]
    [InlineData("a.jsonl.zst", "zstd")]
    [InlineData("a.jsonl", "gzip")]
    [InlineData("a.jsonl", "zstd")]
    [InlineData("a.jsonl.gz", "none")]
    [InlineData("a.ndjson.zstd", "zstd")]
    public void Rows_are_read_from_what_a_file_holds_whatever_its_ending(string name, string packing)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File(name), Pack(packing, Lines));
        string[] texts = Read(folder.File(name));
        Assert.Equal((5000, "4999 the king"), (texts.Length, texts[^1]));
        Assert.Equal(packing != "none", Compression.IsPacked(folder.File(name)));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void Files_put_behind_each_other_are_read_to_the_end(string packing)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("a.jsonl.gz"), [.. Pack(packing, Lines), .. Pack(packing, Lines)]);
        Assert.Equal(10_000, Read(folder.File("a.jsonl.gz")).Length);
    }

    [Theory]
    [InlineData("gzip", 100)]
    [InlineData("gzip", 4)]
    [InlineData("zstd", 100)]
    [InlineData("zstd", 4)]
    public void What_is_cut_off_is_told(string packing, int missing)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("a.jsonl.gz"), Pack(packing, Lines)[..^missing]);
        var error = Assert.Throws<ParScaleException>(() => Read(folder.File("a.jsonl.gz")));
        Assert.Equal("TD-20", error.Code);
        Assert.DoesNotContain("--skip-bad", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x90)]
    [InlineData(0xA8)]
    public void Zstandard_may_reach_back_as_far_as_it_can(byte window)
    {
        using var folder = new TempFolder();
        byte[] row = "{\"text\":\"a\"}"u8.ToArray();
        // A frame that names its window, 2^28 or 2^31 bytes, with one block as it is.
        File.WriteAllBytes(folder.File("a.jsonl.zst"), [0x28, 0xB5, 0x2F, 0xFD, 0, window, (byte)(row.Length << 3 | 1), 0, 0, .. row]);
        Assert.Equal(["a"], Read(folder.File("a.jsonl.zst")));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("\0\0\0\0", true)]
    [InlineData("\0\0x", false)]
    [InlineData("garbage", false)]
    [InlineData("\u001f", false)]
    public void Behind_a_gzip_file_nothing_is_passed_over_but_zeros(string more, bool isRead)
    {
        using var folder = new TempFolder();
        // With an empty member and one with a name before it, as gzip writes them.
        byte[] named = [0x1F, 0x8B, 8, 0x18, 0, 0, 0, 0, 0, 3, .. "name\0comment\0"u8, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        File.WriteAllBytes(folder.File("a.jsonl.gz"), [.. named, .. Pack("gzip", []), .. Pack("gzip", Lines), .. Encoding.Latin1.GetBytes(more)]);
        if (isRead) Assert.Equal(5000, Read(folder.File("a.jsonl.gz")).Length);
        else Assert.Equal("TD-20", Assert.Throws<ParScaleException>(() => Read(folder.File("a.jsonl.gz"))).Code);
    }

    [Fact]
    public void A_changed_byte_is_told()
    {
        using var folder = new TempFolder();
        byte[] packed = Pack("gzip", Lines);
        packed[^6] ^= 1;
        File.WriteAllBytes(folder.File("a.jsonl.gz"), packed);
        Assert.Equal("TD-20", Assert.Throws<ParScaleException>(() => Read(folder.File("a.jsonl.gz"))).Code);
    }

    [Theory]
    [InlineData(new byte[] { 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 1 }, "a.jsonl.xz", "xz")]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 1 }, "a.jsonl", "zip")]
    [InlineData(new byte[] { 0x42, 0x5A, 0x68, 0x39 }, "a.jsonl.bz2", "bzip2")]
    public void Other_compressions_are_named(byte[] bytes, string name, string compression)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File(name), bytes);
        var error = Assert.Throws<ParScaleException>(() => Read(folder.File(name)));
        Assert.Equal("TD-20", error.Code);
        Assert.Contains(compression, error.Message, StringComparison.Ordinal);
    }

    private static string[] Read(string path) =>
        [.. SourceFiles.Source(path, null, new FieldNames(), ChatRenderer.ChatMl).Read().Select(record => record.Parse().Segments[0].Text)];

    private static byte[] Pack(string packing, byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (Stream packer = packing switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "zstd" => new ZstdSharp.CompressionStream(packed, leaveOpen: true),
            _ => new MemoryStream(),
        })
        {
            packer.Write(bytes);
        }
        return packing == "none" ? bytes : packed.ToArray();
    }
}
