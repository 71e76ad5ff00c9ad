using ParScale.Configuration;
using ParScale.Kernels.Formats;

namespace ParScale.Tests;

/// <summary>Apart from all other tests: what they allocate would be counted.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests : IDisposable
{
    private const int Warming = 20, Steps = 40, Attempts = 8;

    private readonly TempFolder _folder = new();

    public static TheoryData<WeightDtype, KvDtype> Types
    {
        get
        {
            var data = new TheoryData<WeightDtype, KvDtype>();
            foreach (WeightDtype weights in Enum.GetValues<WeightDtype>())
                foreach (KvDtype cache in Enum.GetValues<KvDtype>()) data.Add(weights, cache);
            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void A_decode_step_allocates_nothing(WeightDtype weights, KvDtype cache)
    {
        // Large enough that every op hands work to the other threads.
        RequireNoAllocation(
            RandomCheckpoint.Config(streams: 8, hidden: 256, heads: 8, intermediate: 1024, maxPositions: 600, vocabulary: 2000), weights, cache);
    }

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Q4)]
    public void A_decode_step_of_experts_allocates_nothing(WeightDtype weights)
    {
        CheckpointConfig config = RandomCheckpoint.Config(streams: 4, hidden: 256, heads: 8, intermediate: 256, maxPositions: 600, vocabulary: 500);
        var experts = new ExpertsConfig { Count = 8, Chosen = 3, Normalized = true, SharedWidth = 128 };
        ModelConfig model = config.Model with
        {
            Family = "qwen2_moe",
            Layers = [.. config.Model.Layers.Select(layer => layer with { FeedForward = layer.FeedForward with { Experts = experts } })],
        };
        RequireNoAllocation(CheckpointConfig.Create(model, config.Streams), weights, KvDtype.F32);
    }

    private void RequireNoAllocation(CheckpointConfig config, WeightDtype weights, KvDtype cache)
    {
        RandomCheckpoint.Write(_folder.Path, config, seed: 1);
        var options = new LoadOptions { Dtype = weights, KvDtype = cache, Threads = 3 };
        using LanguageModel model = LanguageModel.Load(_folder.Path, options);
        using Session session = model.CreateSession(600);
        session.Append(Enumerable.Range(0, 100).ToArray(), TestContext.Current.CancellationToken);
        Decode(session, Warming);

        // The runner itself allocates now and then, on threads of its own; a step that allocates does so every time.
        long everywhere = long.MaxValue;
        for (int attempt = 0; attempt < Attempts && everywhere > 0; attempt++)
        {
            long own = GC.GetAllocatedBytesForCurrentThread(), all = GC.GetTotalAllocatedBytes(precise: true);
            Decode(session, Steps);
            long after = GC.GetTotalAllocatedBytes(precise: true);
            Assert.Equal(own, GC.GetAllocatedBytesForCurrentThread());
            everywhere = Math.Min(everywhere, after - all);
        }
        Assert.Equal(0, everywhere);
    }

    private static void Decode(Session session, int steps)
    {
        Span<int> token = stackalloc int[1];
        for (int i = 0; i < steps; i++)
        {
            token[0] = i;
            session.Append(token);
        }
    }
}
