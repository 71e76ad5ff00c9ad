using ICSharpCode.SharpZipLib;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>Input files that are compressed. Their first bytes tell, not their names: a download may have unpacked one already.</summary>
internal static class Compression
{
    private const string Gzip = "gzip";
    private const string Zstandard = "Zstandard";
    private static readonly string[] Endings = [".gz", ".zst", ".zstd"];

    /// <summary>How files begin that are packed in a way that is not read here.</summary>
    private static readonly (byte[] Begin, string Name)[] Others =
    [
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "xz"), ([.. "BZh"u8], "bzip2"), ([(byte)'P', (byte)'K', 3, 4], "zip"),
        ([(byte)'7', (byte)'z', 0xBC, 0xAF], "7z"), ([4, 0x22, 0x4D, 0x18], "lz4"),
    ];

    /// <summary>A file's name without the ending of a compression that is read.</summary>
    public static string NameWithin(string path) =>
        Array.Find(Endings, ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } ending ? path[..^ending.Length] : path;

    /// <summary>The compression of a file that begins so: "gzip", "Zstandard", another name, or null.</summary>
    public static string? Of(ReadOnlySpan<byte> begin, string path)
    {
        if (begin is [0x1F, 0x8B, 8, ..]) return Gzip;
        // A frame of data, or one to be skipped before it.
        if (begin is [0x28, 0xB5, 0x2F, 0xFD, ..] or [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18, ..]) return Zstandard;
        foreach ((byte[] other, string name) in Others)
            // A text may begin with these three letters.
            if (begin.StartsWith(other) && (name != "bzip2" || Path.GetExtension(path) is ".bz2")) return name;
        return null;
    }

    /// <summary>Whether a file is one that <see cref="Unpack"/> unpacks.</summary>
    public static bool IsPacked(string path)
    {
        using FileStream file = SourceFiles.OpenFile(path);
        return Begin(file, path) is not null;
    }

    /// <summary>The bytes that the file stands for.</summary>
    /// <exception cref="ParScaleException">It is packed in another way than gzip and Zstandard; or, while it is read, it is found damaged.</exception>
    public static Stream Unpack(FileStream file, string path) => Begin(file, path) switch
    {
        null => file,
        Gzip => new UnpackedStream(new GzipMembers(file), path),
        Zstandard => new UnpackedStream(Unpacker(file), path),
        var other => throw RowLocation.FileError("TD-20", path, $"is compressed with {other}; only gzip and Zstandard are read: unpack it"),
    };

    private static ZstdSharp.DecompressionStream Unpacker(FileStream file)
    {
        var stream = new ZstdSharp.DecompressionStream(file, leaveOpen: false);
        // Large public texts are packed with --long=31; the memory is taken only as far as a file reaches back.
        stream.SetParameter(ZstdSharp.Unsafe.ZSTD_dParameter.ZSTD_d_windowLogMax, 31);
        return stream;
    }

    private static string? Begin(FileStream file, string path)
    {
        Span<byte> begin = stackalloc byte[8];
        int count = file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
        file.Position = 0;
        return Of(begin[..count], path);
    }
}

/// <summary>What a decompressor gives; its complaints are told as the file's.</summary>
internal sealed class UnpackedStream(Stream unpacker, string path) : FrontToBackStream(unpacker)
{
    /// <exception cref="ParScaleException">The file is damaged or cut off.</exception>
    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return Source.Read(buffer, offset, count);
        }
        catch (Exception e) when (e is SharpZipBaseException or InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException)
        {
            throw RowLocation.FileError("TD-20", path, "is compressed, and is damaged or cut off; fetch it again", e);
        }
    }
}

/// <summary>A stream that is made of another one and can only be read.</summary>
internal abstract class FrontToBackStream(Stream source) : Stream
{
    protected Stream Source => source;
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) source.Dispose();
        base.Dispose(disposing);
    }
}
