using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Kernels.Formats;

namespace ParScale.Quantization;

/// <summary>Turns a folder of float weights into one that is quantised, tensor by tensor, in little memory.</summary>
public static class Quantizer
{
    /// <summary>
    /// Writes the model in <paramref name="source"/> to <paramref name="target"/>, quantised to <paramref name="type"/>. The folder
    /// appears whole or not at all.
    /// </summary>
    /// <param name="source">A folder in Hugging Face layout with f32, bf16 or f16 weights.</param>
    /// <param name="target">The folder to make; the one it lies in must exist.</param>
    /// <param name="type"><see cref="WeightDtype.Q8"/> or <see cref="WeightDtype.Q4"/>.</param>
    /// <param name="replace">Whether a quantised folder of that name may be replaced.</param>
    /// <param name="progress">Told the share that is done, 0 to 1; from one thread at a time.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <exception cref="ArgumentOutOfRangeException">The type is not a quantised one.</exception>
    /// <exception cref="ParScaleException">
    /// The source is malformed, not finite (ST-24) or quantised already (QZ-03), the target is taken (QZ-01, QZ-02), or the disk
    /// refused (IO-01).
    /// </exception>
    public static QuantizeReport Run(
        string source, string target, WeightDtype type, bool replace = false, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default) => Run(source, target, type, replace, null, progress, cancellationToken);

    /// <summary>The same; <paramref name="also"/> may write more files into the folder before it appears.</summary>
    internal static QuantizeReport Run(
        string source, string target, WeightDtype type, bool replace, Action<string>? also, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (!WeightFormats.IsQuantized(type)) throw new ArgumentOutOfRangeException(nameof(type));
        OutputFolder.RequireFree(target, source, replace);
        using var checkpoint = Checkpoint.Open(source);
        if (checkpoint.Config.QuantizedType is { } already)
        {
            throw ParScaleException.Usage("QZ-03",
                $"{ParScaleException.Quote(source)} is quantised to {QuantizedFolder.Name(already)} already; give the folder with the float weights");
        }
        try
        {
            return Write(checkpoint, target, type, replace, also, progress, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "IO-01",
                $"{ParScaleException.Quote(target)}: cannot be written ({e.Message.ReplaceLineEndings(" ")}); "
                + "check the folder it lies in, its permissions and the free space; nothing was left there", e);
        }
    }

    private static QuantizeReport Write(
        Checkpoint checkpoint, string target, WeightDtype type, bool replace, Action<string>? also, IProgress<double>? progress,
        CancellationToken cancellationToken)
    {
        using var output = new OutputFolder(target, replace);
        byte[] config = WithKey(InputFile.Read(Path.Combine(checkpoint.Folder, "config.json"), CheckpointLimits.ConfigBytes, "CF-01", "CF-02"), type,
            BackboneHash.SampleOf(checkpoint));
        DurableFile.Write(Path.Combine(output.Path, "config.json"), config);
        CompanionFiles.Copy(checkpoint.Folder, output.Path);
        StreamGateFile.Copy(checkpoint.Folder, output.Path);
        QuantizeReport report;
        using (var file = new QuantizedFileWriter(Path.Combine(output.Path, HeaderChecksum.WeightsName), Plan(checkpoint, type), config))
        {
            using var stream = new QuantizePipeline(checkpoint, file, progress, cancellationToken);
            foreach ((string name, long[] shape) in ModelTensors.Loaded(checkpoint.Config))
            {
                if (Packed(name, shape, type) is { } packed) stream.Pack(name, packed);
                else stream.Copy(name);
            }
            stream.Finish();
            file.Finish(stream.SourceChecksum);
            report = new QuantizeReport(type, stream.SourceBytes, file.Length, stream.Errors);
        }
        also?.Invoke(output.Path);
        cancellationToken.ThrowIfCancellationRequested();
        output.Commit();
        return report;
    }

    private static WeightDtype? Packed(string name, long[] shape, WeightDtype type) =>
        MatrixTypes.IsMatrix(shape) ? MatrixTypes.Quantized(name, type) : null;

    // Codes first and scales next: their sizes are multiples of 64 bytes, so all of them are aligned. Then floats by width.
    private static List<PlannedTensor> Plan(Checkpoint checkpoint, WeightDtype type)
    {
        List<PlannedTensor> codes = [], scales = [], floats = [];
        foreach ((string name, long[] shape) in ModelTensors.Loaded(checkpoint.Config))
        {
            if (Packed(name, shape, type) is not { } packed)
            {
                floats.Add(new PlannedTensor(name, checkpoint.Get(name).Info.Type, shape));
                continue;
            }
            codes.Add(new PlannedTensor(name, TensorType.U8, QuantizedTensors.CodeShape(packed, shape)));
            scales.Add(new PlannedTensor(QuantizedTensors.ScaleName(name), TensorType.BF16, QuantizedTensors.ScaleShape(packed, shape)));
        }
        return [.. codes, .. scales, .. floats.OrderByDescending(tensor => tensor.Type.ByteSize())];
    }

    private static byte[] WithKey(byte[] config, WeightDtype type, string source)
    {
        using JsonDocument document = ConfigObject.Parse(config, "config.json");
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            // A key that is there and null says that the floats are not quantised. The copy of an add-on holds its backbone too.
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name is not (QuantizationConfig.Key or "parscale_backbone")) property.WriteTo(json);
            }
            QuantizationConfig.Write(json, type, source);
            json.WriteEndObject();
        }
        return [.. buffer.ToArray(), (byte)'\n'];
    }
}
