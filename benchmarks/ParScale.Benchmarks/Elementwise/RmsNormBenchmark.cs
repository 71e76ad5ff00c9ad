using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Benchmarks.Elementwise;

/// <summary>The norm of one token in all streams.</summary>
public class RmsNormBenchmark : IDisposable
{
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly float[] _weight = Numbers.Random(Numbers.Hidden);
    private float[] _x = [], _y = [];

    [Params(1, 8)]
    public int Streams { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _x = Numbers.Random(Streams * Numbers.Hidden);
        _y = new float[_x.Length];
    }

    [Benchmark]
    public void Run() => RmsNorm.Run(_x, _weight, 1e-6f, _y, _pool);

    [Benchmark]
    public void AddAndRun() => RmsNorm.AddAndRun(_x, _weight, 1e-6f, _y, _pool);

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
