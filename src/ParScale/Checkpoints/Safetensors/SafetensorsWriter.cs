using ParScale.Files;

namespace ParScale.Checkpoints.Safetensors;

/// <summary>
/// Writes safetensors files that appear whole or not at all, and survive a power cut.
/// </summary>
public static class SafetensorsWriter
{
    // The widest element.
    private const int Alignment = 8;

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
        try
        {
            DurableFile.Replace(path, stream =>
            {
                stream.Write(header);
                foreach (TensorToWrite tensor in ordered) WriteData(stream, tensor);
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
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

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
