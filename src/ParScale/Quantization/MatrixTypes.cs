using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Quantization;

/// <summary>
/// The one rule of which matrix is held in which type. Loading, the quantised folder, the memory check and every figure about
/// memory follow it.
/// </summary>
internal static class MatrixTypes
{
    // Everything with two axes is a matrix; norms, biases and prefixes become float32 when they are loaded.
    private const int Axes = 2;

    /// <summary>Whether a tensor of this shape is a matrix.</summary>
    public static bool IsMatrix(long[] shape) => shape.Length == Axes;

    /// <summary>
    /// The type in memory of the matrix <paramref name="name"/>, stored as <paramref name="stored"/>, when the model is asked for
    /// in <paramref name="requested"/>; null keeps it as stored.
    /// </summary>
    public static WeightDtype Of(string name, TensorType stored, WeightDtype? requested)
    {
        WeightDtype kept = stored == TensorType.BF16 ? WeightDtype.Bf16 : WeightDtype.F32;
        if (requested is not { } type) return kept;
        if (!WeightFormats.IsQuantized(type)) return type;
        return Quantized(name, type) ?? kept;
    }

    /// <summary>The type of a matrix of a quantised model; null for those that stay as stored.</summary>
    public static WeightDtype? Quantized(string name, WeightDtype type) => name switch
    {
        // It chooses among the streams, and has only P rows: nothing to gain, and each of its outputs moves every logit.
        "model.aggregate_layer.2.weight" => null,
        // Rounding the vocabulary's vectors to 4 bits costs about as much as all other matrices together; see docs/numbers.md.
        ModelTensors.EmbeddingName or ModelTensors.HeadName => WeightDtype.Q8,
        // Another expert is another function, and a router is small beside what it chooses from.
        _ when ExpertLayerTensors.IsRouter(name) => null,
        _ => type,
    };

    /// <summary>Bytes of all weights in memory when <paramref name="config"/> runs in <paramref name="requested"/>.</summary>
    /// <param name="config">The model, with the streams that run.</param>
    /// <param name="requested">The type asked for; null keeps matrices as stored.</param>
    /// <param name="stored">Element type of a float tensor in the files.</param>
    public static long Bytes(CheckpointConfig config, WeightDtype? requested, Func<string, TensorType> stored)
    {
        long bytes = 0;
        foreach ((string name, long[] shape) in ModelTensors.Loaded(config))
        {
            bytes += IsMatrix(shape)
                ? WeightMatrix.SizeOf(Of(name, stored(name), requested), (int)shape[0], (int)shape[1])
                : TensorSize.Bytes(TensorType.F32, shape);
        }
        return bytes;
    }
}
