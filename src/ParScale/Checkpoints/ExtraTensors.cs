using System.Runtime.InteropServices;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Configuration.Rotations;

namespace ParScale.Checkpoints;

/// <summary>
/// Judges the tensors of a checkpoint that are no weights of its model. Those that cannot change a result are named in one notice, which
/// also tells of buffers that follow from the config, but from another one.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="expected">The names of its weights.</param>
/// <param name="headersOnly">Whether the values of tensors are not there; then names and shapes decide.</param>
internal sealed class ExtraTensors(CheckpointConfig config, IReadOnlySet<string> expected, bool headersOnly)
{
    private const int Named = 3;
    private const string Frequencies = "rotary_emb.inv_freq";
    private const string Cosines = "rotary_emb.cos_cached";
    private const string Sines = "rotary_emb.sin_cached";

    // Heads that other tasks put on the final hidden states beside the LM head: values for reinforcement learning, scores, classes.
    private static readonly string[] OtherHeads = ["v_head.", "value_head.", "reward_head.", "score.", "classifier."];

    private readonly List<string> _ignored = [];
    private HashSet<string>? _modules;
    private string? _otherTheta;

    /// <summary>Whether the tensor changes no result; then it is part of <see cref="Notice"/>.</summary>
    public bool Ignores(SafetensorsFile file, TensorInfo tensor)
    {
        bool harmless = IsOtherHead(tensor.Name) || IsRotary(tensor.Name) || IsMask(file, tensor) || IsMarker(tensor);
        if (harmless) _ignored.Add(ParScaleException.Quote(tensor.Name));
        if (IsRotary(tensor.Name) && !headersOnly && !FollowsFromTheta(file, tensor)) _otherTheta ??= ParScaleException.Quote(tensor.Name);
        return harmless;
    }

    /// <summary>The line that names what was ignored; null when nothing was.</summary>
    public string? Notice(string file)
    {
        if (_ignored.Count == 0) return null;
        string names = string.Join(", ", _ignored.Take(Named));
        string what = _ignored.Count == 1 ? $"tensor {names} is no weight of this model and is ignored"
            : _ignored.Count <= Named ? $"tensors {names} are no weights of this model and are ignored"
            : $"tensors {names} and {_ignored.Count - Named} more are no weights of this model and are ignored";
        string theta = _otherTheta is null ? "" : $"; {_otherTheta} does not follow from rope_theta {config.Model.RopeTheta:R}, which counts";
        return $"{Path.GetFileName(file)}: {what}{theta}";
    }

    private static bool IsOtherHead(string name) => OtherHeads.Any(head => name.StartsWith(head, StringComparison.Ordinal));

    /// <summary>No weight is empty or a single number: a counter that some tool left. But a number inside a layer may scale it.</summary>
    private bool IsMarker(TensorInfo tensor)
    {
        if (tensor.ByteLength == 0) return true;
        if (tensor.Shape.Length != 0) return false;
        _modules ??= [.. expected.Select(Module)];
        return !_modules.Contains(Module(tensor.Name));
    }

    private static string Module(string name) => name[..Math.Max(0, name.LastIndexOf('.'))];

    /// <summary>The causal masks that old versions saved with each layer: 1 where a token sees another, or 1 where it does not.</summary>
    private bool IsMask(SafetensorsFile file, TensorInfo tensor)
    {
        long[] shape = tensor.Shape;
        // What stood in the place of a hidden score: a single number.
        if (tensor.Name.EndsWith(".masked_bias", StringComparison.Ordinal)) return shape.All(axis => axis == 1);
        if (!tensor.Name.EndsWith("attn.bias", StringComparison.Ordinal) && !tensor.Name.EndsWith("causal_mask", StringComparison.Ordinal)) return false;
        if (shape.Length < 2 || shape[^1] != shape[^2] || shape[..^2].Any(axis => axis != 1)) return false;
        if (headersOnly) return true;
        return tensor.Type switch
        {
            TensorType.Bool or TensorType.U8 => IsTriangle<byte>(file, tensor, 1),
            TensorType.F16 => IsTriangle<ushort>(file, tensor, 0x3c00),
            TensorType.BF16 => IsTriangle<ushort>(file, tensor, 0x3f80),
            TensorType.F32 => IsTriangle<uint>(file, tensor, 0x3f800000),
            _ => false,
        };
    }

    // Ones up to the diagonal and zeros behind it, or the other way round; bit patterns, so that a large mask costs a reading of it.
    private static bool IsTriangle<T>(SafetensorsFile file, TensorInfo tensor, T one) where T : unmanaged, IEquatable<T>
    {
        int size = checked((int)tensor.Shape[^1]), bytes = size * tensor.Type.ByteSize();
        T left = one, right = default;
        for (int row = 0; row < size; row++)
        {
            ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(file.Bytes(tensor, (long)row * bytes, bytes));
            if (row == 0 && !values[0].Equals(one)) (left, right) = (right, left);
            if (values[..(row + 1)].ContainsAnyExcept(left) || values[(row + 1)..].ContainsAnyExcept(right)) return false;
        }
        return true;
    }

    /// <summary>Frequencies and angles of RoPE that old versions saved. All of them are computed from <c>rope_theta</c> when a model loads.</summary>
    private static bool IsRotary(string name) => name.EndsWith(Frequencies, StringComparison.Ordinal)
        || name.EndsWith(Cosines, StringComparison.Ordinal) || name.EndsWith(Sines, StringComparison.Ordinal);

    private bool FollowsFromTheta(SafetensorsFile file, TensorInfo tensor) => config.Model.Rotations.Any(rotation => FollowsFrom(rotation, file, tensor));

    // Of a rotation that depends on the length the buffers are those of a short text.
    private static bool FollowsFrom(Rotation rotation, SafetensorsFile file, TensorInfo tensor)
    {
        bool frequencies = tensor.Name.EndsWith(Frequencies, StringComparison.Ordinal), cosine = tensor.Name.EndsWith(Cosines, StringComparison.Ordinal);
        int half = rotation.Size / 2, width = frequencies ? half : 2 * half;
        var angles = new double[half];
        rotation.Frequencies(1, angles);
        long rows = tensor.Shape.Length == 0 || tensor.Shape[^1] != width ? 0 : tensor.Shape[..^1].Aggregate(1L, (product, axis) => product * axis);
        bool right = frequencies ? rows == 1 : rows > 1;
        for (int i = 0; right && i < width; i++)
        {
            double angle = angles[i % half];
            // Row 0 of the angles is position 0, which tells nothing.
            double expected = frequencies ? angle : rotation.Magnitude * (cosine ? Math.Cos(angle) : Math.Sin(angle));
            double found = Number(file, tensor, frequencies ? i : width + i);
            bool wide = tensor.Type is TensorType.F32 or TensorType.F64;
            right = Math.Abs(found - expected) <= (wide ? 1e-4 : 1e-2) * Math.Abs(expected) + (wide ? 1e-9 : 1e-3 * (frequencies ? 1e-3 : 1));
        }
        return right;
    }

    // An element as a number; NaN for types that no buffer here has.
    private static double Number(SafetensorsFile file, TensorInfo tensor, long index)
    {
        int bytes = tensor.Type.ByteSize();
        ReadOnlySpan<byte> at = file.Bytes(tensor, index * bytes, bytes);
        return tensor.Type switch
        {
            TensorType.Bool or TensorType.U8 => at[0],
            TensorType.F16 => (double)BitConverter.ToHalf(at),
            TensorType.BF16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(at) << 16),
            TensorType.F32 => BitConverter.ToSingle(at),
            TensorType.F64 => BitConverter.ToDouble(at),
            _ => double.NaN,
        };
    }
}
