namespace ParScale.Checkpoints;

/// <summary>
/// Writes safetensors files that appear whole or not at all: the bytes go to a temporary file in the same folder,
/// are flushed to the disk, and the file is renamed over the old one.
/// </summary>
public static class SafetensorsWriter
{
    // The widest element.
    private const int Alignment = 8;
    private const int BufferBytes = 1 << 20;

    /// <summary>
    /// Writes all <paramref name="tensors"/>, wide element types first so that every tensor starts aligned.
    /// <paramref name="metadata"/> becomes <c>__metadata__</c>; null writes <c>{"format": "pt"}</c>, which Transformers asks for.
    /// </summary>
    /// <exception cref="ArgumentException">A name appears twice, or a tensor wrote another number of bytes than its shape says.</exception>
    /// <exception cref="ParScaleException">The disk refused (<see cref="ErrorKind.Io"/>); an older file stays as it was.</exception>
    public static void Write(string path, IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        TensorToWrite[] ordered = [.. tensors.OrderByDescending(t => t.Type.ByteSize()).ThenBy(t => t.Name, StringComparer.Ordinal)];
        metadata ??= new Dictionary<string, string> { ["format"] = "pt" };
        byte[] header = SafetensorsHeaderWriter.Build(
            ordered.Select(t => (t.Name, t.Type, t.Shape)), [.. metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)], Alignment);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".";
        string beside = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes))
            {
                stream.Write(header);
                foreach (TensorToWrite tensor in ordered) WriteData(stream, tensor);
                DiskFlush.Flush(stream);
            }
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception e)
        {
            TryDelete(beside);
            if (e is not (IOException or UnauthorizedAccessException)) throw;
            throw new ParScaleException(ErrorKind.Io, "IO-01",
                $"{ParScaleException.Quote(Path.GetFileName(path))}: cannot be written ({OneLine(e.Message)}); "
                + "check the folder, its permissions and the free space", e);
        }
    }

    private static void WriteData(FileStream stream, TensorToWrite tensor)
    {
        long start = stream.Position;
        tensor.WriteTo(stream);
        long written = stream.Position - start;
        long expected = TensorSize.Bytes(tensor.Type, tensor.Shape);
        if (written != expected)
            throw new ArgumentException($"tensor {tensor.Name} wrote {written} bytes, its shape says {expected}", nameof(tensor));
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; a leftover .tmp file is never read.
        }
    }

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
