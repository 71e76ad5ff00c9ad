using ParScale.Kernels.Formats;

namespace ParScale.Quantization;

/// <summary>What quantising a folder came to.</summary>
/// <param name="Type">What it was quantised to.</param>
/// <param name="SourceBytes">Bytes of the weights before.</param>
/// <param name="Bytes">Bytes of the file of weights after.</param>
/// <param name="Errors">
/// Each quantised matrix, in the order of the forward pass, with its type and the root mean square of the rounding over that of
/// its weights.
/// </param>
public sealed record QuantizeReport(
    WeightDtype Type, long SourceBytes, long Bytes, IReadOnlyList<(string Name, WeightDtype Type, double RelativeError)> Errors);
