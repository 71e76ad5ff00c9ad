using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Benchmarks.Elementwise;

/// <summary>Gemma's activation of one token in all streams.</summary>
public class GeGluBenchmark : IDisposable
{
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private float[] _gate = [], _up = [], _y = [];

    [Params(1, 8)]
    public int Streams { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _gate = Numbers.Random(Streams * Numbers.Intermediate);
        _up = Numbers.Random(Streams * Numbers.Intermediate);
        _y = new float[_gate.Length];
    }

    [Benchmark]
    public void Run() => GeGlu.Run(_gate, _up, _y, _pool);

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
