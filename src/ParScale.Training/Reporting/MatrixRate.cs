using System.Diagnostics;
using static TorchSharp.torch;

namespace ParScale.Training.Reporting;

/// <summary>How fast this machine multiplies matrices, which no training step can outrun.</summary>
internal static class MatrixRate
{
    private const int OnProcessor = 1024;
    private const int OnAccelerator = 8192;
    private const int Repetitions = 6;
    private const double MostSeconds = 0.5;

    /// <summary>
    /// Floating-point operations per second of the fastest of a few products of square matrices of <paramref name="type"/>, with the
    /// threads that torch has. Takes well under a second, and draws nothing from torch's own generator.
    /// </summary>
    public static double Measure(ScalarType type, Device device)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        bool accelerated = device.type != TorchSharp.DeviceType.CPU;
        int size = accelerated ? OnAccelerator : OnProcessor;
        using var generator = new Generator(1, device);
        Tensor left = empty([size, size], device: device).normal_(0, 1, generator).to(type);
        Tensor right = empty([size, size], device: device).normal_(0, 1, generator).to(type);
        double best = double.PositiveInfinity;
        var all = Stopwatch.StartNew();
        // The first product also readies the library and is not counted.
        for (int i = 0; i <= Repetitions && (i < 2 || all.Elapsed.TotalSeconds < MostSeconds); i++)
        {
            var one = Stopwatch.StartNew();
            using Tensor product = matmul(left, right);
            if (accelerated) cuda.synchronize(device);
            if (i > 0) best = Math.Min(best, one.Elapsed.TotalSeconds);
        }
        return 2.0 * size * size * size / best;
    }
}
