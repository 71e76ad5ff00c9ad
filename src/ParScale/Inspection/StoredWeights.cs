using System.Globalization;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Inspection;

/// <summary>What the headers of the weight files tell.</summary>
/// <param name="Files">How many could be opened.</param>
/// <param name="Bytes">Of all of their tensors.</param>
/// <param name="Tensors">How many tensors they hold.</param>
/// <param name="Values">How many numbers of each type, by the name that the files give it.</param>
internal sealed record StoredWeights(int Files, long Bytes, int Tensors, IReadOnlyDictionary<string, long> Values)
{
    /// <summary>Those of opened files.</summary>
    public static StoredWeights Of(IReadOnlyList<SafetensorsFile> files)
    {
        TensorInfo[] tensors = [.. files.SelectMany(file => file.Tensors.Values)];
        return new StoredWeights(files.Count, tensors.Sum(tensor => tensor.ByteLength), tensors.Length, tensors
            .GroupBy(tensor => tensor.Type.FileName()).OrderByDescending(type => type.Sum(tensor => tensor.ByteLength))
            .ToDictionary(type => type.Key, type => type.Sum(tensor => tensor.ByteLength / tensor.Type.ByteSize())));
    }

    /// <summary>In words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Bytes:N0} bytes in {Files} {(Files == 1 ? "file" : "files")}, {Tensors} tensors: {string.Join(", ", Values.Select(type => FormattableString.Invariant($"{type.Value:N0} {type.Key}")))}");
}
