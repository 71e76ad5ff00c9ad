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
    private readonly long _rows, _tokenRows, _firstRows, _rowTokens, _wanted, _mixed, _chosen;
    private readonly long[] _cosines, _sines;

    /// <param name="size">The shape.</param>
    /// <param name="halves">Half the size of each rotation of the model.</param>
    public PassInputs(PassSize size, int[] halves)
    {
        (_size, _halves, _cosines, _sines) = (size, halves, new long[halves.Length], new long[halves.Length]);
        _rows = Section<PassRow>(size.Rows);
        _tokenRows = Section<PassRow>(size.Tokens);
        _firstRows = Section<int>(size.Tokens);
        _rowTokens = Section<int>(size.Rows);
        _wanted = Section<int>(size.WantedRows);
        _mixed = Section<int>(2 * size.Wanted);
        _chosen = Section<int>(4 * size.Wanted);
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

    /// <summary>[T] the row of each token's stream 0.</summary>
    public DeviceBuffer FirstRows(DeviceBuffer inputs) => inputs.From(_firstRows);

    /// <summary>[R] the id of each row's token.</summary>
    public DeviceBuffer RowTokens(DeviceBuffer inputs) => inputs.From(_rowTokens);

    /// <summary>[rows of wanted tokens] their rows in the pass.</summary>
    public DeviceBuffer Wanted(DeviceBuffer inputs) => inputs.From(_wanted);

    /// <summary>[W, 2] among those, the row of stream 0 and the rows from a stream to the next, from a wanted token on.</summary>
    public DeviceBuffer Mixed(DeviceBuffer inputs, int token) => inputs.From(_mixed + token * 2L * sizeof(int));

    /// <summary>
    /// [W, 4] of an anchored set: among those, the row of the anchor and that of its first helper, and a bit for each stream that runs; from a wanted
    /// token on.
    /// </summary>
    public DeviceBuffer Chosen(DeviceBuffer inputs, int token) => inputs.From(_chosen + token * 4L * sizeof(int));

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
        var tables = new Tables
        {
            Rows = At<PassRow>(bytes, _rows, _size.Rows),
            TokenRows = At<PassRow>(bytes, _tokenRows, _size.Tokens),
            FirstRows = At<int>(bytes, _firstRows, _size.Tokens),
            RowTokens = At<int>(bytes, _rowTokens, _size.Rows),
            Wanted = At<int>(bytes, _wanted, _size.WantedRows),
            Mixed = At<int>(bytes, _mixed, 2 * _size.Wanted),
            Chosen = At<int>(bytes, _chosen, 4 * _size.Wanted),
        };
        foreach (PassSequence sequence in sequences) tables.Add(sequence, sets[sequence.Set], tokens);
        angles.Fill(sequences);
        for (int i = 0; i < _halves.Length; i++)
        {
            angles.Cosine(layerOf[i], _size.Tokens).CopyTo(At<float>(bytes, _cosines[i], _size.Tokens * _halves[i]));
            angles.Sine(layerOf[i], _size.Tokens).CopyTo(At<float>(bytes, _sines[i], _size.Tokens * _halves[i]));
        }
    }

    // What is written of the sequences, one after the other.
    private ref struct Tables
    {
        private int _token, _row, _wantedToken, _wantedRow;

        public Span<PassRow> Rows, TokenRows;
        public Span<int> FirstRows, RowTokens, Wanted, Mixed, Chosen;

        public void Add(in PassSequence sequence, DeviceStreams set, ReadOnlySpan<int> tokens)
        {
            bool anchored = sequence.Set.IsAnchored;
            int skipped = sequence.Count - sequence.Wanted, firstWanted = _wantedRow, streams = sequence.Set.Cached.Count, slots = anchored ? 0 : set.Slots;
            for (int stream = 0; stream < streams; stream++)
            {
                for (int t = 0; t < sequence.Count; t++)
                {
                    PassRow entry = Row(sequence, set, t) with { Slots = slots, PrefixStream = stream, Stream = stream };
                    if (stream == 0) (TokenRows[_token + t], FirstRows[_token + t]) = (entry, _row);
                    Put(entry, tokens[_token + t], t >= skipped);
                }
            }
            for (int i = 0; i < sequence.Wanted; i++, _wantedToken++)
            {
                (Mixed[2 * _wantedToken], Mixed[2 * _wantedToken + 1]) = (firstWanted + i, sequence.Wanted);
                if (!anchored) continue;
                ulong active = sequence.ActiveAt(i);
                Span<int> own = Chosen.Slice(4 * _wantedToken, 4);
                (own[0], own[1], own[2], own[3]) = (firstWanted + i, _wantedRow, unchecked((int)active), unchecked((int)(active >> 32)));
                for (int stream = 1; stream < sequence.Set.Count; stream++)
                    if ((active >> stream & 1) == 1)
                        Put(Row(sequence, set, skipped + i) with { PrefixStream = stream - 1, Helper = 1 }, tokens[_token + skipped + i], wanted: true);
            }
            _token += sequence.Count;
        }

        private readonly PassRow Row(in PassSequence sequence, DeviceStreams set, int t)
        {
            var cache = (DeviceCache)sequence.Cache;
            return new PassRow(
                cache.Buffer.Address, set.Prefix?.Address ?? 0, set.Slots, 0, 0, cache.Streams, cache.Capacity, cache.Position + t, _token + t,
                sequence.Set.Config.Prefixes);
        }

        private void Put(PassRow entry, int token, bool wanted)
        {
            (Rows[_row], RowTokens[_row]) = (entry, token);
            if (wanted) Wanted[_wantedRow++] = _row;
            _row++;
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
