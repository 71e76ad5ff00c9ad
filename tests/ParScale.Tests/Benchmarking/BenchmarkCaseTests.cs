using ParScale.Benchmarking;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Tests.Benchmarking;

public class BenchmarkCaseTests
{
    private static readonly ModelConfig Shape = RandomCheckpoint.Config(streams: 1, hidden: 32, heads: 2, intermediate: 48, layers: 1, vocabulary: 50).Model;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(16, 1)]
    [InlineData(ForwardPass.MostLogits + 1, 2)]
    public void A_step_computes_the_logits_of_its_sequences_once(int sequences, int calls)
    {
        using var weights = new RandomWeights(WeightDtype.F32);
        using var pool = new WorkerPool(1);
        using var pass = new CountingPass(new ForwardPass(weights.Backbone(Shape), pool));
        using var row = new BenchmarkCase(pass, Shape, [.. Enumerable.Repeat(StreamSet.Plain, sequences)], KvDtype.F32, context: 4, room: 5);
        row.Step();
        Assert.Equal((calls, sequences), (pass.Calls, pass.Rows));
    }

    private sealed class CountingPass(ForwardPass cpu) : IForwardPass
    {
        public int Calls { get; private set; }

        public int Rows { get; private set; }

        public long? MemoryLeft => ((IForwardPass)cpu).MemoryLeft;

        public void Add(StreamSet set) => ((IForwardPass)cpu).Add(set);

        public long CacheBytes(StreamSet set, KvDtype type, int tokens) => ((IForwardPass)cpu).CacheBytes(set, type, tokens);

        public KeyValues NewCache(StreamSet set, KvDtype type, int tokens) => ((IForwardPass)cpu).NewCache(set, type, tokens);

        public int Run(ReadOnlySpan<int> tokens, scoped ReadOnlySpan<PassSequence> sequences) => cpu.Run(tokens, sequences);

        public ReadOnlySpan<float> Logits(int first, int count)
        {
            (Calls, Rows) = (Calls + 1, Rows + count);
            return cpu.Logits(first, count);
        }

        public Likeliest LikeliestOf(int token) => ((IForwardPass)cpu).LikeliestOf(token);

        public ReadOnlySpan<float> StreamWeights(int row, int streams) => ((IForwardPass)cpu).StreamWeights(row, streams);

        public void Dispose() => cpu.Dispose();
    }
}
