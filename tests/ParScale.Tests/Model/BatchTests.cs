using ParScale.Checkpoints;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Threads;
using ParScale.Model;

namespace ParScale.Tests.Model;

/// <summary>Several sequences in one pass, and a sequence cut into any passes: equal to the last bit.</summary>
public sealed class BatchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<KvType, WeightType> Types
    {
        get
        {
            var data = new TheoryData<KvType, WeightType>();
            foreach (KvType cache in Enum.GetValues<KvType>())
                foreach (WeightType weights in Enum.GetValues<WeightType>()) data.Add(cache, weights);
            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void A_batch_of_k_is_k_solo_runs(KvType cacheType, WeightType type)
    {
        ModelConfig config = RandomCheckpoint.Config(streams: 3, hidden: 64, heads: 8, headSize: 20, layers: 3, intermediate: 96);
        RandomCheckpoint.Write(_folder.Path, config, seed: 11);
        int[][] prompts = [Tokens(7, 1), Tokens(1, 2), Tokens(23, 3), Tokens(12, 4)];
        float[][] alone = [.. prompts.Select(prompt => Alone(config, type, cacheType, prompt, threads: 1))];
        Assert.Equal(alone, Together(config, type, cacheType, prompts, threads: 3));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_prompt_may_be_cut_anywhere(KvType cacheType, WeightType type)
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(streams: 4, hidden: 64, heads: 8, headSize: 20), seed: 12);
        using LanguageModel model = LanguageModel.Load(_folder.Path, new LoadOptions { Type = type, Cache = cacheType, Threads = 2 });
        Assert.Equal(cacheType, model.CacheType);
        int[] tokens = Tokens(70, 5);
        float[] whole = Compare.LogitsInPortions(model, tokens, 70);
        Assert.Equal(whole, Compare.LogitsInPortions(model, tokens, 1, 2, 3, 30, 34));
        Assert.Equal(whole, Compare.LogitsInPortions(model, tokens, [.. Enumerable.Repeat(1, 70)]));
    }

    [Theory]
    [InlineData(KvType.Bf16, 0.05)]
    [InlineData(KvType.Q8, 0.15)]
    public void Smaller_caches_stay_near_float32(KvType type, double bound)
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(streams: 4, hidden: 64, heads: 4, headSize: 32), seed: 13);
        int[] tokens = Tokens(40, 6);
        using LanguageModel exact = LanguageModel.Load(_folder.Path), rounded = LanguageModel.Load(_folder.Path, new LoadOptions { Cache = type });
        float[] expected = Compare.LogitsInPortions(exact, tokens, 40);
        double error = Compare.RelativeError(expected.Select(x => (double)x), Compare.LogitsInPortions(rounded, tokens, 40));
        Assert.InRange(error, 1e-6, bound);
    }

    [Fact]
    public void A_pass_that_does_not_fit_is_refused()
    {
        ModelConfig config = RandomCheckpoint.Config();
        RandomCheckpoint.Write(_folder.Path, config, seed: 14);
        using var run = new Run(_folder.Path, config, WeightType.F32, KvType.F32, 1);
        using var cache = new KvCache(config, KvType.F32, 3);
        Assert.Throws<ArgumentException>(() => run.Forward.Run([1, 2, 3, 4], cache).Length);
        Assert.Throws<ArgumentException>(() => run.Forward.Run([1, 2], [new SequenceSlice(cache, 1)]).Length);
        Assert.Throws<ArgumentException>(() => run.Forward.Run([1], [new SequenceSlice(cache, 1), new SequenceSlice(cache, 1)]).Length);
        Assert.Throws<ArgumentException>(() => run.Forward.Run([], cache).Length);
        Assert.Equal(0, cache.Position);
    }

    private float[] Alone(ModelConfig config, WeightType type, KvType cacheType, int[] tokens, int threads)
    {
        using var run = new Run(_folder.Path, config, type, cacheType, threads);
        using var cache = new KvCache(config, cacheType, tokens.Length + 1);
        run.Forward.Run(tokens, cache);
        return run.Forward.Logits(run.Forward.Run([9], cache)).ToArray();
    }

    // One pass with all prompts, and one with a further token of each.
    private float[][] Together(ModelConfig config, WeightType type, KvType cacheType, int[][] prompts, int threads)
    {
        using var run = new Run(_folder.Path, config, type, cacheType, threads);
        KvCache[] caches = [.. prompts.Select(prompt => new KvCache(config, cacheType, prompt.Length + 1))];
        run.Forward.Run([.. prompts.SelectMany(x => x)], [.. prompts.Zip(caches, (prompt, cache) => new SequenceSlice(cache, prompt.Length))]);
        ReadOnlySpan<float> mixed = run.Forward.Run([9, 9, 9, 9], [.. caches.Select(cache => new SequenceSlice(cache, 1))]);
        float[] logits = run.Forward.Logits(mixed).ToArray();
        foreach (KvCache cache in caches) cache.Dispose();
        return [.. logits.Chunk(config.VocabularySize)];
    }

    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(50))];
    }

    private sealed class Run : IDisposable
    {
        private readonly Checkpoint _checkpoint;
        private readonly ModelWeights _weights;
        private readonly PrefixCache _prefix;
        private readonly WorkerPool _pool;

        public Run(string folder, ModelConfig config, WeightType type, KvType cache, int threads)
        {
            _checkpoint = Checkpoint.Open(folder, config);
            _weights = ModelWeights.Load(_checkpoint, config, type);
            _prefix = new PrefixCache(config, _weights.Layers, cache);
            _pool = new WorkerPool(threads);
            Forward = new ForwardPass(config, _weights, _prefix, _pool);
        }

        public ForwardPass Forward { get; }

        public void Dispose()
        {
            Forward.Dispose();
            _pool.Dispose();
            _prefix.Dispose();
            _weights.Dispose();
            _checkpoint.Dispose();
        }
    }
}
