using System.Buffers.Binary;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Hub;
using ParScale.Hub.Transfer;

namespace ParScale.Store;

/// <summary>
/// A safetensors file of the hub of which only some tensors were fetched, and a few bytes here and there of the others. On the disk it has
/// its full length, with holes.
/// </summary>
internal sealed class PartialWeights : IDisposable
{
    private const int FirstRead = 1 << 16;
    private const int LengthBytes = 8;

    // Around each tensor that is wanted some bytes of its neighbours are fetched, and at even distances some more: they tell whether the
    // others are what they are thought to be.
    private const int Margin = 1 << 12;
    private const int Samples = 16;

    // One request costs as much as some bytes more.
    private const int LargestGap = 1 << 16;
    private const int LargestPart = 1 << 25;

    private readonly string _path;
    private readonly HubFile _file;
    private readonly List<(long Start, int Length)> _parts = [];

    private PartialWeights(string path, HubFile file) => (_path, _file) = (path, file);

    /// <summary>Bytes that are to be fetched.</summary>
    public long Bytes => _parts.Sum(part => (long)part.Length);

    /// <summary>The file. Only what was fetched of it may be read.</summary>
    public SafetensorsFile Tensors { get; private set; } = null!;

    /// <summary>Fetches the header alone and plans the rest.</summary>
    /// <param name="reader">Where the parts come from.</param>
    /// <param name="file">The file on the hub.</param>
    /// <param name="path">Where to put it.</param>
    /// <param name="wanted">Which tensors are wanted, by name.</param>
    /// <param name="cancellation">Ends the fetch.</param>
    /// <exception cref="ParScaleException">The hub refuses, or the header is malformed (ST).</exception>
    public static async Task<PartialWeights> OpenAsync(PartReader reader, HubFile file, string path, Func<string, bool> wanted, CancellationToken cancellation)
    {
        int whole = await WriteHeaderAsync(reader, file, path, cancellation).ConfigureAwait(false);
        var weights = new PartialWeights(path, file);
        using var tensors = SafetensorsFile.Open(path);
        weights.Plan(tensors, wanted, whole);
        return weights;
    }

    /// <summary>Fetches the header into a new file, which has the length of the whole one and nothing behind the header.</summary>
    /// <returns>Where the data begins.</returns>
    /// <exception cref="ParScaleException">The hub refuses.</exception>
    public static async Task<int> WriteHeaderAsync(PartReader reader, HubFile file, string path, CancellationToken cancellation)
    {
        byte[] head = await reader.ReadAsync(file, 0, (int)Math.Min(FirstRead, file.Bytes), cancellation).ConfigureAwait(false);
        ulong header = head.Length < LengthBytes ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(head);
        // A length that is too long is refused where headers are read.
        int whole = header > CheckpointLimits.HeaderBytes ? 0 : (int)Math.Min(LengthBytes + (long)header, file.Bytes);
        byte[] rest = whole > head.Length ? await reader.ReadAsync(file, head.Length, whole - head.Length, cancellation).ConfigureAwait(false) : [];
        using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        stream.Write(head);
        stream.Write(rest);
        stream.SetLength(file.Bytes);
        return whole;
    }

    /// <summary>Fetches the parts.</summary>
    /// <exception cref="ParScaleException">The hub refuses or breaks off.</exception>
    public async Task FetchAsync(PartReader reader, ProgressMeter meter, int parallel, CancellationToken cancellation)
    {
        using (var stream = new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation };
            await Parallel.ForEachAsync(_parts, options, async (part, stop) =>
            {
                byte[] bytes = await reader.ReadAsync(_file, part.Start, part.Length, stop).ConfigureAwait(false);
                await RandomAccess.WriteAsync(stream.SafeFileHandle, bytes, part.Start, stop).ConfigureAwait(false);
                meter.AddReceived(part.Length);
            }).ConfigureAwait(false);
        }
        meter.AddFile();
        Tensors = SafetensorsFile.Open(_path);
    }

    /// <summary>
    /// Whether the tensors that were not wanted have the types and shapes of those of the same name in a checkpoint, and the same bytes as far
    /// as they were fetched.
    /// </summary>
    public bool Agrees(Checkpoint other, Func<string, bool> wanted)
    {
        foreach (TensorInfo tensor in Tensors.Tensors.Values.Where(tensor => !wanted(tensor.Name)))
        {
            if (!other.Contains(tensor.Name)) return false;
            (SafetensorsFile file, TensorInfo twin) = other.Get(tensor.Name);
            if (twin.Type != tensor.Type || !twin.Shape.AsSpan().SequenceEqual(tensor.Shape)) return false;
            foreach ((long start, int length) in _parts)
            {
                long from = Math.Max(start, tensor.Offset), to = Math.Min(start + length, tensor.Offset + tensor.ByteLength);
                if (from >= to) continue;
                if (!Tensors.Data.Slice(from, (int)(to - from)).SequenceEqual(file.Data.Slice(twin.Offset + from - tensor.Offset, (int)(to - from)))) return false;
            }
        }
        return true;
    }

    public void Dispose()
    {
        Tensors?.Dispose();
        File.Delete(_path);
    }

    private void Plan(SafetensorsFile file, Func<string, bool> wanted, long dataStart)
    {
        long data = _file.Bytes - dataStart;
        IEnumerable<(long Start, long End)> samples = Enumerable.Range(0, Samples).Select(i => dataStart + data * i / Samples).Select(start => (start, start + Margin));
        IEnumerable<(long Start, long End)> tensors = file.Tensors.Values.Where(tensor => wanted(tensor.Name))
            .Select(tensor => (tensor.Offset - Margin, tensor.Offset + tensor.ByteLength + Margin));
        long at = dataStart;
        foreach ((long start, long end) in samples.Concat(tensors).OrderBy(range => range.Start))
        {
            long from = Math.Max(start - at <= LargestGap && _parts.Count > 0 ? at : start, at), to = Math.Min(end, _file.Bytes);
            for (; from < to; from += LargestPart) Add(from, (int)Math.Min(LargestPart, to - from));
            at = Math.Max(at, to);
        }
    }

    // Joined with the part before where they touch.
    private void Add(long start, int length)
    {
        if (_parts.Count > 0 && _parts[^1] is var last && last.Start + last.Length == start && last.Length + length <= LargestPart) _parts[^1] = (last.Start, last.Length + length);
        else _parts.Add((start, length));
    }
}
