using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Quantization;

namespace ParScale.Checkpoints;

/// <summary>
/// Tells one backbone from another by its values, however they are spread over files; streams beside them do not count. It guards
/// against a mix-up, not against an attacker.
/// </summary>
/// <param name="Whole">XXH128 over name, type, shape and bytes of every tensor of the plain model: 32 hexadecimal digits.</param>
/// <param name="Sample">The same over a few bytes of every tensor; null where an earlier version left it out.</param>
public sealed record BackboneHash(string Whole, string? Sample)
{
    private const int PieceBytes = 1 << 26;

    // Any step of training moves nearly every value of a tensor: a few places tell two backbones apart, and cost milliseconds.
    private const int SamplePlaces = 8;
    private const int SampleBytes = 64;

    /// <summary>Both hashes of a checkpoint's backbone. Reads all of its weights, at the speed of memory.</summary>
    public static BackboneHash Of(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return new BackboneHash(WholeOf(checkpoint), SampleOf(checkpoint));
    }

    /// <summary>The sample alone: reads at most 512 bytes of each tensor, so that loading stays a matter of mapping files.</summary>
    public static string SampleOf(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return Hash(checkpoint, Plain(checkpoint), Sampled);
    }

    /// <summary>The same of what every copy of a checkpoint's streams holds alike, in floats and quantised: prefixes, and the aggregator's biases.</summary>
    internal static string SampleOfStreams(Checkpoint checkpoint) => Hash(checkpoint,
        ModelTensors.Loaded(checkpoint.Config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name) && !MatrixTypes.IsMatrix(tensor.Shape)), Sampled);

    /// <summary>XXH128 over every tensor of a checkpoint's streams, and over the numbers of its config that change what they compute.</summary>
    internal static string WholeOfStreams(Checkpoint checkpoint)
    {
        StreamConfig streams = checkpoint.Config.Streams;
        string tensors = Hash(checkpoint, ModelTensors.Loaded(checkpoint.Config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name)), AllBytes);
        return Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"{tensors} {streams.Smoothing} [{string.Join(',', streams.Elastic)}] {streams.Anchored}"))));
    }

    /// <summary>Whether these are the hashes of a checkpoint's backbone: by the sample, and only without one by all weights.</summary>
    internal bool IsOf(Checkpoint checkpoint)
    {
        if (checkpoint.Config.QuantizedType is not null) return Sample is not null && Sample == checkpoint.Config.QuantizedFrom;
        return Sample is null ? Whole == WholeOf(checkpoint) : Sample == SampleOf(checkpoint);
    }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteString("xxh128", Whole);
        if (Sample is not null) json.WriteString("xxh128_sample", Sample);
    }

    private static void Sampled(XxHash128 hash, SafetensorsFile file, TensorInfo info)
    {
        long last = Math.Max(0, info.ByteLength - SampleBytes);
        int length = (int)Math.Min(SampleBytes, info.ByteLength);
        for (int place = 0; place < SamplePlaces; place++)
            hash.Append(file.Data.Slice(info.Offset + last * place / (SamplePlaces - 1), length));
    }

    private static void AllBytes(XxHash128 hash, SafetensorsFile file, TensorInfo info)
    {
        for (long done = 0; done < info.ByteLength; done += PieceBytes)
            hash.Append(file.Data.Slice(info.Offset + done, (int)Math.Min(PieceBytes, info.ByteLength - done)));
    }

    private static string WholeOf(Checkpoint checkpoint) => Hash(checkpoint, Plain(checkpoint), AllBytes);

    // Whether a file holds several tensors in one, and what it calls experts, does not matter.
    private static IEnumerable<(string Name, long[] Shape)> Plain(Checkpoint checkpoint) => ModelTensors.Loaded(checkpoint.Config.Model, StreamConfig.Plain);

    private static string Hash(Checkpoint checkpoint, IEnumerable<(string Name, long[] Shape)> tensors, Action<XxHash128, SafetensorsFile, TensorInfo> append)
    {
        var hash = new XxHash128();
        foreach ((string name, _) in tensors)
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
            hash.Append(Encoding.UTF8.GetBytes($"{name} {info.Type.FileName()} [{string.Join(',', info.Shape)}]\n"));
            append(hash, file, info);
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
