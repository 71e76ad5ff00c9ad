using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Elementwise;

namespace ParScale.Benchmarks.Elementwise;

/// <summary>The weights of P streams, and the probabilities of a vocabulary.</summary>
public class SoftmaxBenchmark
{
    private float[] _x = [];

    [Params(8, 151_936)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare() => _x = Numbers.Random(Length);

    [Benchmark]
    public void Run() => Softmax.Run(_x);
}
