using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Elementwise;

namespace ParScale.Benchmarks.Elementwise;

/// <summary>The mixing of eight streams of one token.</summary>
public class WeightedSumBenchmark
{
    private const int Streams = 8;
    private readonly float[] _weights = Numbers.Random(Streams), _x = Numbers.Random(Streams * Numbers.Hidden), _y = new float[Numbers.Hidden];

    [Benchmark]
    public void Run() => WeightedSum.Run(_weights, _x, Numbers.Hidden, _y);
}
