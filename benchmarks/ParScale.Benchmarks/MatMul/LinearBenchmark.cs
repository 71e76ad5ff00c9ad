using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;

namespace ParScale.Benchmarks.MatMul;

/// <summary>The MLP's gate: [8320, 1536] times some rows. The matrix stays in the third-level cache; <c>parscale bench</c> has none that do.</summary>
public class LinearBenchmark : IDisposable
{
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly QuantizedActivations _scratch = new();
    private WeightMatrix? _weights;
    private float[] _x = [], _y = [];

    [Params(WeightDtype.F32, WeightDtype.Bf16, WeightDtype.Q8, WeightDtype.Q4)]
    public WeightDtype Type { get; set; }

    [Params(1, 2, 4, 8, 16, 256)]
    public int Rows { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _weights = WeightMatrix.Random(Type, Numbers.Intermediate, Numbers.Hidden, 0.02f, 1);
        _x = Numbers.Random(Rows * Numbers.Hidden);
        _y = new float[Rows * Numbers.Intermediate];
    }

    [Benchmark]
    public void Run() => Linear.Run(_weights ?? throw new InvalidOperationException(), _x, Rows, [], _y, _pool, _scratch);

    [GlobalCleanup]
    public void Dispose()
    {
        _weights?.Dispose();
        _scratch.Dispose();
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }
}
