using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Tests.Model;

/// <summary>Several sequences in one pass, and a sequence cut into any passes: equal to the last bit.</summary>
public sealed class BatchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<KvDtype, WeightDtype> Types
    {
        get
        {
            var data = new TheoryData<KvDtype, WeightDtype>();
            foreach (KvDtype cache in Enum.GetValues<KvDtype>())
                foreach (WeightDtype weights in Enum.GetValues<WeightDtype>()) data.Add(cache, weights);
            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public void A_batch_of_sequences_with_any_P_is_as_many_solo_runs(KvDtype kvDtype, WeightDtype type)
    {
        WriteSets();
        (int[] Tokens, int Streams)[] prompts = [(Tokens(7, 1), 1), (Tokens(1, 2), 3), (Tokens(23, 3), 3), (Tokens(12, 4), 5), (Tokens(2, 5), 1)];
        float[][] alone;
        using (var one = new Run(_folder.Path, type, kvDtype, threads: 1)) alone = [.. prompts.Select(prompt => Together(one, prompt)[0])];
        using var three = new Run(_folder.Path, type, kvDtype, threads: 3);
        Assert.Equal(alone, Together(three, prompts));
        Assert.Equal(alone.Reverse(), Together(three, [.. prompts.Reverse()]));
    }

    [Fact]
    public void Logits_that_nobody_wants_change_nothing()
    {
        WriteSets();
        using var run = new Run(_folder.Path, WeightDtype.F32, KvDtype.F32, threads: 2);
        float[] Logits(int wantedOfOther)
        {
            using KvCache first = run.NewCache(3, 20), second = run.NewCache(5, 20), third = run.NewCache(3, 20);
            int wanted = run.Forward.Run([.. Tokens(9, 1), .. Tokens(4, 2), .. Tokens(6, 3)],
                [new(first, run.Set(3), 9, 2), new(second, run.Set(5), 4, wantedOfOther), new(third, run.Set(3), 6, 1)]);
            Assert.Equal(3 + wantedOfOther, wanted);
            float[] ofFirst = run.Forward.Logits(0, 2).ToArray();
            return [.. ofFirst, .. run.Forward.Logits(wanted - 1, 1)];
        }
        float[] none = Logits(0);
        Assert.Equal(none, Logits(1));
        Assert.Equal(none, Logits(4));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_prompt_may_be_cut_anywhere(KvDtype kvDtype, WeightDtype type)
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(streams: 4, hidden: 64, heads: 8, headSize: 20), seed: 12);
        using LanguageModel model = LanguageModel.Load(_folder.Path, new LoadOptions { Dtype = type, KvDtype = kvDtype, Threads = 2 });
        Assert.Equal(kvDtype, model.KvDtype);
        int[] tokens = Tokens(70, 5);
        float[] whole = Compare.LogitsInPortions(model, tokens, 70);
        Assert.Equal(whole, Compare.LogitsInPortions(model, tokens, 1, 2, 3, 30, 34));
        Assert.Equal(whole, Compare.LogitsInPortions(model, tokens, [.. Enumerable.Repeat(1, 70)]));
    }

    [Theory]
    [InlineData(KvDtype.Bf16, 0.05)]
    [InlineData(KvDtype.Q8, 0.15)]
    public void Smaller_caches_stay_near_float32(KvDtype type, double bound)
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(streams: 4, hidden: 64, heads: 4, headSize: 32), seed: 13);
        int[] tokens = Tokens(40, 6);
        using LanguageModel exact = LanguageModel.Load(_folder.Path), rounded = LanguageModel.Load(_folder.Path, new LoadOptions { KvDtype = type });
        float[] expected = Compare.LogitsInPortions(exact, tokens, 40);
        double error = Compare.RelativeError(expected.Select(x => (double)x), Compare.LogitsInPortions(rounded, tokens, 40));
        Assert.InRange(error, 1e-6, bound);
    }

    [Fact]
    public void A_pass_that_does_not_fit_is_refused()
    {
        WriteSets();
        using var run = new Run(_folder.Path, WeightDtype.F32, KvDtype.F32, 1);
        using KvCache cache = run.NewCache(3, 3), large = run.NewCache(5, 100);
        void Refused(int[] tokens, params PassSequence[] sequences) => Assert.Throws<ArgumentException>(() => run.Forward.Run(tokens, sequences));
        Refused([1, 2, 3, 4], new PassSequence(cache, run.Set(3), 4, 1));
        Refused([1, 2], new PassSequence(cache, run.Set(3), 1, 1));
        Refused([1], new PassSequence(cache, run.Set(3), 1, 1), new PassSequence(cache, run.Set(3), 1, 1));
        Refused([1], new PassSequence(cache, run.Set(5), 1, 1));
        Refused([1], new PassSequence(cache, run.Set(3), 1, 2));
        Refused([]);
        Refused(Tokens(60, 1), new PassSequence(large, run.Set(5), 60, 0));
        Assert.Equal((0, 0), (cache.Position, large.Position));
    }

    private void WriteSets()
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(streams: 1, hidden: 64, heads: 8, headSize: 20, layers: 3, intermediate: 96), seed: 11);
        foreach (int streams in (int[])[3, 5])
            RandomCheckpoint.WriteAddOn(_folder.File($"p{streams}"), _folder.Path, new StreamConfig(streams, 2 + streams, 0.1), seed: streams);
    }

    // One pass with all prompts, and one with a further token of each.
    private static float[][] Together(Run run, params (int[] Tokens, int Streams)[] prompts)
    {
        KvCache[] caches = [.. prompts.Select(prompt => run.NewCache(prompt.Streams, prompt.Tokens.Length + 1))];
        PassSequence[] Pass(Func<int, int> count, int wanted) =>
            [.. prompts.Select((prompt, i) => new PassSequence(caches[i], run.Set(prompt.Streams), count(i), wanted))];
        run.Forward.Run([.. prompts.SelectMany(prompt => prompt.Tokens)], Pass(i => prompts[i].Tokens.Length, 0));
        float[] logits = run.Forward.Logits(0, run.Forward.Run([.. prompts.Select(_ => 9)], Pass(_ => 1, 1))).ToArray();
        foreach (KvCache cache in caches) cache.Dispose();
        return [.. logits.Chunk(logits.Length / prompts.Length)];
    }

    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(50))];
    }

    private sealed class Run : IDisposable
    {
        private readonly Checkpoint _checkpoint;
        private readonly Backbone _backbone;
        private readonly StreamSet[] _sets;
        private readonly WorkerPool _pool;
        private readonly KvDtype _cache;

        public Run(string folder, WeightDtype type, KvDtype cache, int threads)
        {
            _checkpoint = Checkpoint.Open(folder);
            _backbone = Backbone.From(new WeightReader(_checkpoint, type), _checkpoint.Config.Model);
            _cache = cache;
            _sets = [StreamSet.Plain, .. ((int[])[3, 5]).Select(streams => Read(Path.Combine(folder, $"p{streams}"), type))];
            _pool = new WorkerPool(threads);
            Forward = new ForwardPass(_backbone, _pool);
        }

        public ForwardPass Forward { get; }

        public StreamSet Set(int streams) => _sets.Single(set => set.Count == streams);

        public KvCache NewCache(int streams, int capacity) => new(_backbone.Config, streams, _cache, capacity);

        public void Dispose()
        {
            Forward.Dispose();
            _pool.Dispose();
            foreach (StreamSet set in _sets) set.Free();
            _backbone.Dispose();
            _checkpoint.Dispose();
        }

        private StreamSet Read(string folder, WeightDtype type)
        {
            Checkpoint streams = Checkpoint.OpenStreams(folder, _checkpoint);
            return StreamSet.From(new WeightReader(streams, type), _backbone.Config, streams.Config.Streams, _cache, owner: streams);
        }
    }
}
