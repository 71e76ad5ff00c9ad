using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Benchmarks.Elementwise;

/// <summary>The rows of one expert in a pass of a prompt: an eighth of 256.</summary>
public class ChosenRowsBenchmark : IDisposable
{
    private const int Rows = 256;
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly int[] _chosen = [.. Enumerable.Range(0, Rows / 8).Select(row => 8 * row)];
    private float[] _x = [], _gathered = [], _scales = [];

    [GlobalSetup]
    public void Prepare()
    {
        _x = Numbers.Random(Rows * Numbers.Hidden);
        _gathered = new float[_chosen.Length * Numbers.Hidden];
        _scales = Numbers.Random(_chosen.Length);
    }

    [Benchmark]
    public void Gather() => ChosenRows.Gather(_x, Numbers.Hidden, _chosen, _gathered, _pool);

    [Benchmark]
    public void AddScaled() => ChosenRows.AddScaled(_gathered, Numbers.Hidden, _chosen, _scales, _x, _pool);

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
