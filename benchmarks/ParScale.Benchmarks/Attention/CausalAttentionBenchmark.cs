using BenchmarkDotNet.Attributes;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;

namespace ParScale.Benchmarks.Attention;

/// <summary>One new token of one layer in all streams, after a context.</summary>
public class CausalAttentionBenchmark : IDisposable
{
    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly Scratch _scratch = new();
    private KvBuffer? _prefix, _tokens;
    private float[] _queries = [], _y = [];

    [Params(KvDtype.F32, KvDtype.Bf16, KvDtype.Q8)]
    public KvDtype Type { get; set; }

    [Params(1, 8)]
    public int Streams { get; set; }

    [Params(64, 2048)]
    public int Context { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _prefix = Filled(Numbers.Prefix);
        _tokens = Filled(Context + 1);
        _queries = Numbers.Random(Streams * Numbers.Heads * Numbers.HeadSize);
        _y = new float[_queries.Length];
    }

    [Benchmark]
    public void Run()
    {
        var shape = new AttentionShape(Numbers.Heads, Numbers.KeyValueHeads, Numbers.HeadSize, 1 / MathF.Sqrt(Numbers.HeadSize));
        var sequence = new AttentionSequence(_tokens ?? throw new InvalidOperationException(), _prefix, Streams, Context, 1);
        CausalAttention.Run(shape, _queries, [sequence], _y, _scratch, _pool);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _prefix?.Dispose();
        _tokens?.Dispose();
        _scratch.Dispose();
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }

    private KvBuffer Filled(int slots)
    {
        var buffer = new KvBuffer(Type, Streams, Numbers.KeyValueHeads, Numbers.HeadSize, slots);
        float[] values = Numbers.Random(Numbers.KeyValueHeads * Numbers.HeadSize);
        for (int stream = 0; stream < Streams; stream++)
            for (int slot = 0; slot < slots; slot++) buffer.Store(stream, slot, values, values);
        return buffer;
    }
}
