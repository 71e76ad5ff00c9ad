using System.Text;

namespace ParScale.PeerBenchmarks.Gguf;

/// <summary>
/// Writes a GGUF file, version 3, from the specification: header, metadata, tensor infos, then the tensors' bytes at multiples of 32.
/// Little-endian, like <see cref="BinaryWriter"/>.
/// </summary>
internal sealed class GgufWriter(Stream to) : IDisposable
{
    private const uint Magic = 0x46554747, Version = 3;
    private const int Alignment = 32;

    // Numbers of the metadata's value types.
    private const uint UInt32Type = 4, Int32Type = 5, Float32Type = 6, BoolType = 7, StringType = 8, ArrayType = 9;

    private readonly BinaryWriter _to = new(to, Encoding.UTF8);
    private readonly byte[] _block = new byte[1 << 20];
    private ulong _random = 1;

    /// <summary>Writes metadata (unsigned and float numbers, switches, texts, lists of texts and numbers) and tensors of random values.</summary>
    public void Write(IReadOnlyDictionary<string, object> metadata, IReadOnlyList<GgufTensor> tensors)
    {
        _to.Write(Magic);
        _to.Write(Version);
        _to.Write((ulong)tensors.Count);
        _to.Write((ulong)metadata.Count);
        foreach ((string key, object value) in metadata)
        {
            WriteText(key);
            WriteValue(value);
        }
        long offset = 0;
        foreach (GgufTensor tensor in tensors)
        {
            WriteText(tensor.Name);
            // The fastest dimension first.
            long[] dimensions = tensor.Rows == 1 ? [tensor.Columns] : [tensor.Columns, tensor.Rows];
            _to.Write((uint)dimensions.Length);
            foreach (long dimension in dimensions) _to.Write(dimension);
            _to.Write((uint)tensor.Type);
            _to.Write(offset);
            offset = Aligned(offset + tensor.Bytes);
        }
        Pad(Position);
        foreach (GgufTensor tensor in tensors)
        {
            WriteTensor(tensor);
            Pad(tensor.Bytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _to.Dispose();

    private long Position
    {
        get
        {
            _to.Flush();
            return to.Position;
        }
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private void Pad(long bytes) => _to.Write(new byte[Aligned(bytes) - bytes]);

    private void WriteText(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        _to.Write((ulong)bytes.Length);
        _to.Write(bytes);
    }

    private void WriteValue(object value)
    {
        switch (value)
        {
            case uint number: _to.Write(UInt32Type); _to.Write(number); break;
            case float number: _to.Write(Float32Type); _to.Write(number); break;
            case bool flag: _to.Write(BoolType); _to.Write(flag); break;
            case string text: _to.Write(StringType); WriteText(text); break;
            case string[] texts:
                StartList(StringType, texts.Length);
                foreach (string text in texts) WriteText(text);
                break;
            case int[] numbers:
                StartList(Int32Type, numbers.Length);
                foreach (int number in numbers) _to.Write(number);
                break;
            default: throw new ArgumentException($"{value.GetType()} is not written", nameof(value));
        }
    }

    private void StartList(uint type, int length)
    {
        _to.Write(ArrayType);
        _to.Write(type);
        _to.Write((ulong)length);
    }

    private void WriteTensor(GgufTensor tensor)
    {
        if (tensor.Type == GgufType.F32)
        {
            for (long i = 0; i < tensor.Bytes / sizeof(float); i++) _to.Write(tensor.Value);
            return;
        }
        int blockBytes = tensor.Type == GgufType.Q4_0 ? 18 : 34, whole = _block.Length / blockBytes * blockBytes;
        for (long left = tensor.Bytes; left > 0; left -= whole)
        {
            Span<byte> part = _block.AsSpan(0, (int)Math.Min(whole, left));
            FillBlocks(part, blockBytes);
            _to.Write(part);
        }
    }

    // Random codes. Scales make values of about 0.02, and none denormal: that would measure something else.
    private void FillBlocks(Span<byte> part, int blockBytes)
    {
        for (int at = 0; at + 8 <= part.Length; at += 8) BitConverter.TryWriteBytes(part[at..], NextRandom());
        Half scale = (Half)(blockBytes == 18 ? 0.02f / 4.6f : 0.02f / 73f);
        for (int at = 0; at < part.Length; at += blockBytes) BitConverter.TryWriteBytes(part[at..], scale);
    }

    // Marsaglia, "Xorshift RNGs", 2003.
    private ulong NextRandom()
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        return _random;
    }
}
