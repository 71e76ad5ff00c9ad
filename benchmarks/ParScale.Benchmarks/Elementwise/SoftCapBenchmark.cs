using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Benchmarks.Elementwise;

/// <summary>The cap of one token's logits.</summary>
public class SoftCapBenchmark : IDisposable
{
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private float[] _logits = [];

    [GlobalSetup]
    public void Prepare() => _logits = Numbers.Random(Numbers.Vocabulary);

    [Benchmark]
    public void Run() => SoftCap.Run(_logits, 30, _pool);

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
