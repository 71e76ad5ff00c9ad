using System.Runtime.InteropServices;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>
/// What passes of one shape get each time they run: tokens, positions and where their caches lie. The host writes it, one copy brings it to
/// the device, and shaders read it from there.
/// </summary>
internal sealed class PassInputs
{
    private readonly PassSize _size;
    private readonly int[] _halves;
    private readonly long _rows, _tokenRows, _tokens, _rowTokens, _wanted, _mixed;
    private readonly long[] _cosines, _sines;

    /// <param name="size">The shape.</param>
    /// <param name="halves">Half the size of each rotation of the model.</param>
    public PassInputs(PassSize size, int[] halves)
    {
        (_size, _halves, _cosines, _sines) = (size, halves, new long[halves.Length], new long[halves.Length]);
        _rows = Section<PassRow>(size.Rows);
        _tokenRows = Section<PassRow>(size.Tokens);
        _tokens = Section<int>(size.Tokens);
        _rowTokens = Section<int>(size.Rows);
        _wanted = Section<int>(size.WantedRows);
        _mixed = Section<int>(2 * size.Wanted);
        for (int i = 0; i < halves.Length; i++) (_cosines[i], _sines[i]) = (Section<float>(size.Tokens * halves[i]), Section<float>(size.Tokens * halves[i]));
    }

    /// <summary>Bytes to copy.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of the largest pass.</summary>
    public static long MostBytes(int[] halves)
    {
        const int rows = ForwardPass.MostRows;
        return new PassInputs(new PassSize(rows, rows, rows, rows, rows), halves).Bytes;
    }

    /// <summary>[R] of <see cref="PassRow"/>.</summary>
    public DeviceBuffer Rows(DeviceBuffer inputs) => inputs.From(_rows);

    /// <summary>The same of tokens, [T]: in layer 0 all streams have the keys and values of one.</summary>
    public DeviceBuffer TokenRows(DeviceBuffer inputs) => inputs.From(_tokenRows);

    /// <summary>[T]</summary>
    public DeviceBuffer Tokens(DeviceBuffer inputs) => inputs.From(_tokens);

    /// <summary>[R] the token of each row.</summary>
    public DeviceBuffer RowTokens(DeviceBuffer inputs) => inputs.From(_rowTokens);

    /// <summary>[rows of wanted tokens] their rows in the pass.</summary>
    public DeviceBuffer Wanted(DeviceBuffer inputs) => inputs.From(_wanted);

    /// <summary>[W, 2] among those, the row of stream 0 and the rows from a stream to the next, from a wanted token on.</summary>
    public DeviceBuffer Mixed(DeviceBuffer inputs, int token) => inputs.From(_mixed + token * 2L * sizeof(int));

    /// <summary>[T, half] of a rotation.</summary>
    public (DeviceBuffer Cosine, DeviceBuffer Sine) Angles(DeviceBuffer inputs, int turn) => (inputs.From(_cosines[turn]), inputs.From(_sines[turn]));

    /// <summary>Half the size of a rotation.</summary>
    public int Half(int turn) => _halves[turn];

    /// <summary>Writes it for a run.</summary>
    /// <param name="to">Where the host writes.</param>
    /// <param name="tokens">[T]</param>
    /// <param name="sequences">The sequences that they belong to.</param>
    /// <param name="sets">The sets that these run with.</param>
    /// <param name="angles">Cosines and sines of their positions.</param>
    /// <param name="layerOf">A layer that has each rotation.</param>
    public void Write(
        DeviceBuffer to, ReadOnlySpan<int> tokens, ReadOnlySpan<PassSequence> sequences, IReadOnlyDictionary<StreamSet, DeviceStreams> sets, Angles angles,
        int[] layerOf)
    {
        Span<byte> bytes = to.Span<byte>();
        Span<PassRow> rows = At<PassRow>(bytes, _rows, _size.Rows), tokenRows = At<PassRow>(bytes, _tokenRows, _size.Tokens);
        Span<int> rowTokens = At<int>(bytes, _rowTokens, _size.Rows), wanted = At<int>(bytes, _wanted, _size.WantedRows), mixed = At<int>(bytes, _mixed, 2 * _size.Wanted);
        tokens.CopyTo(At<int>(bytes, _tokens, _size.Tokens));
        int token = 0, row = 0, wantedRow = 0, wantedToken = 0;
        foreach (PassSequence sequence in sequences)
        {
            var cache = (DeviceCache)sequence.Cache;
            int streams = sequence.Set.Count, skipped = sequence.Count - sequence.Wanted;
            DeviceStreams set = sets[sequence.Set];
            for (int i = 0; i < sequence.Wanted; i++, wantedToken++) (mixed[2 * wantedToken], mixed[2 * wantedToken + 1]) = (wantedRow + i, sequence.Wanted);
            for (int stream = 0; stream < streams; stream++)
            {
                for (int t = 0; t < sequence.Count; t++, row++)
                {
                    var entry = new PassRow(
                        cache.Buffer.Address, set.Prefix?.Address ?? 0, set.Slots, stream, stream, streams, cache.Capacity, cache.Position + t, token + t, streams);
                    rows[row] = entry;
                    if (stream == 0) tokenRows[token + t] = entry;
                    rowTokens[row] = tokens[token + t];
                    if (t >= skipped) wanted[wantedRow++] = row;
                }
            }
            token += sequence.Count;
        }
        angles.Fill(sequences);
        for (int i = 0; i < _halves.Length; i++)
        {
            angles.Cosine(layerOf[i], _size.Tokens).CopyTo(At<float>(bytes, _cosines[i], _size.Tokens * _halves[i]));
            angles.Sine(layerOf[i], _size.Tokens).CopyTo(At<float>(bytes, _sines[i], _size.Tokens * _halves[i]));
        }
    }

    private static Span<T> At<T>(Span<byte> bytes, long offset, int count) where T : unmanaged => MemoryMarshal.Cast<byte, T>(bytes[(int)offset..])[..count];

    private long Section<T>(int count) where T : unmanaged
    {
        long start = Bytes;
        Bytes += ((long)count * Marshal.SizeOf<T>() + DeviceMemory.Alignment - 1) / DeviceMemory.Alignment * DeviceMemory.Alignment;
        return start;
    }
}
