using ParScale.Checkpoints.Safetensors;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Checkpointing;

/// <summary>
/// <c>prefix_mlp.safetensors</c> of a checkpoint: the prefix MLPs and the prefixes they add to. The model beside it holds their sum,
/// from which a run could not go on as it was.
/// </summary>
internal static class UnfoldedPrefixes
{
    private const string FileName = "prefix_mlp.safetensors";

    /// <summary>Writes the file with <paramref name="metadata"/>, if the model has such MLPs.</summary>
    public static void Save(ParScaleLm model, string folder, IReadOnlyDictionary<string, string> metadata)
    {
        (string Name, Tensor Value)[] tensors = [.. Of(model)];
        if (tensors.Length == 0) return;
        SafetensorsWriter.Write(Path.Combine(folder, FileName), [.. tensors.Select(t => TensorBytes.Write(t.Name, t.Value, TensorType.F32))], metadata);
    }

    /// <summary>Puts what <see cref="Save"/> wrote in place, over the folded prefixes.</summary>
    /// <exception cref="ParScaleException">The file is missing or of another shape (TR-23).</exception>
    public static void Load(ParScaleLm model, string folder)
    {
        (string Name, Tensor Value)[] tensors = [.. Of(model)];
        if (tensors.Length == 0) return;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, FileName));
        foreach ((string name, Tensor value) in tensors)
        {
            if (!file.Tensors.TryGetValue(name, out TensorInfo? info) || !info.Shape.AsSpan().SequenceEqual(value.shape))
                throw ParScaleException.BadInput("TR-23", file.Path, $"tensor {ParScaleException.Quote(name)} is missing or has another shape");
            value.copy_(TensorBytes.Read(file, info));
        }
    }

    private static IEnumerable<(string Name, Tensor Value)> Of(ParScaleLm model)
    {
        (string Name, Tensor Value)[] all = [.. model.named_parameters().Select(p => (p.name, (Tensor)p.parameter))];
        if (!all.Any(p => PrefixMlp.Owns(p.Name))) return [];
        return all.Where(p => PrefixMlp.Owns(p.Name) || p.Name.Contains(".prefix_", StringComparison.Ordinal));
    }
}
