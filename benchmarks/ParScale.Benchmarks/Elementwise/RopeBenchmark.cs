using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Elementwise;

namespace ParScale.Benchmarks.Elementwise;

/// <summary>The turning of one token's query heads, and the angles it needs.</summary>
public class RopeBenchmark
{
    private readonly float[] _heads = Numbers.Random(Numbers.Heads * Numbers.HeadSize);
    private readonly float[] _cosine = new float[Numbers.HeadSize / 2], _sine = new float[Numbers.HeadSize / 2];
    private readonly double[] _frequencies = new double[Numbers.HeadSize / 2];

    [GlobalSetup]
    public void Prepare()
    {
        Rope.Frequencies(10_000, _frequencies);
        Angles();
    }

    [Benchmark]
    public void Run() => Rope.Run(_heads, 2 * _cosine.Length, _cosine, _sine);

    [Benchmark]
    public void Angles() => Rope.Angles(1000, _frequencies, 1, _cosine, _sine);
}
