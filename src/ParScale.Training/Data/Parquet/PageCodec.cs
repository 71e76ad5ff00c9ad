using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4;

namespace ParScale.Training.Data.Parquet;

/// <summary>The compressions of pages.</summary>
internal static class PageCodec
{
    private const int None = 0, Snappy = 1, Gzip = 2, Brotli = 4, FramedLz4 = 5, Zstandard = 6, Lz4 = 7;

    /// <summary>The <paramref name="length"/> bytes that <paramref name="from"/> stands for.</summary>
    /// <exception cref="InvalidDataException">They are others.</exception>
    /// <exception cref="NotSupportedException">The compression is not known.</exception>
    public static ReadOnlyMemory<byte> Decompress(int codec, ReadOnlyMemory<byte> from, int length)
    {
        if (codec == None) return from.Length == length ? from : throw new InvalidDataException("a page has another length than its header says");
        // Some writers leave out what has no bytes.
        if (length == 0) return default;
        byte[] to = new byte[length];
        int written = codec switch
        {
            Snappy => Snappier.Snappy.Decompress(from.Span, to),
            Gzip => Unzip(from, to),
            Brotli => BrotliDecoder.TryDecompress(from.Span, to, out int count) ? count : -1,
            Zstandard => Unpack(from, to),
            Lz4 => LZ4Codec.Decode(from.Span, to),
            FramedLz4 => Unframe(from.Span, to),
            _ => throw new NotSupportedException($"pages in the compression {codec}"),
        };
        return written == length ? to : throw new InvalidDataException("a page does not unpack to the length that its header says");
    }

    private static int Unzip(ReadOnlyMemory<byte> from, byte[] to)
    {
        using var stream = new GZipStream(new MemoryStream(from.ToArray()), CompressionMode.Decompress);
        return stream.ReadAtLeast(to, to.Length, throwOnEndOfStream: false);
    }

    private static int Unpack(ReadOnlyMemory<byte> from, byte[] to)
    {
        using var decoder = new ZstdSharp.Decompressor();
        return decoder.Unwrap(from.Span, to);
    }

    /// <summary>The older LZ4: blocks with both their lengths before them as Hadoop writes them, or one bare block.</summary>
    private static int Unframe(ReadOnlySpan<byte> from, byte[] to)
    {
        ReadOnlySpan<byte> all = from;
        int done = 0;
        while (from.Length >= 8 && done < to.Length)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(from);
            int packed = BinaryPrimitives.ReadInt32BigEndian(from[4..]);
            if (length < 0 || length > to.Length - done || packed < 0 || packed > from.Length - 8) break;
            if (LZ4Codec.Decode(from.Slice(8, packed), to.AsSpan(done, length)) != length) break;
            done += length;
            from = from[(8 + packed)..];
        }
        return done == to.Length && from.IsEmpty ? done : LZ4Codec.Decode(all, to);
    }
}
