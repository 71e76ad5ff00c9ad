using System.Diagnostics;
using System.Globalization;
using ParScale.Configuration;
using ParScale.Engine;
using ParScale.Generation;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Benchmarks.Engine;

/// <summary>
/// What the engine does with many requests, on random weights of the 1.8B shape:
/// <c>dotnet run -c Release --project benchmarks/ParScale.Benchmarks -- engine [q8|q4|bf16]</c>.
/// </summary>
internal sealed class EngineFigures : IDisposable
{
    private const int PromptTokens = 2000;
    private static readonly int[] Counts = [1, 2, 4, 8];

    private readonly WorkerPool _pool = new(Environment.ProcessorCount);
    private readonly RandomWeights _random;
    private readonly Backbone _backbone;
    private readonly StreamSet[] _sets;
    private readonly InferenceEngine _engine;
    private readonly long _before;

    private EngineFigures(WeightDtype type)
    {
        var config = new ModelConfig
        {
            HiddenSize = Numbers.Hidden,
            Layers = LayerConfig.Qwen2(Numbers.Layers, Numbers.HeadSize, Numbers.Intermediate, ropeTheta: 10_000),
            AttentionHeads = Numbers.Heads,
            KeyValueHeads = Numbers.KeyValueHeads,
            HeadSize = Numbers.HeadSize,
            VocabularySize = Numbers.Vocabulary,
            MaxPositions = 8192,
            RmsNormEpsilon = 1e-6,
            TieWordEmbeddings = true,
        };
        _before = Environment.WorkingSet;
        _random = new RandomWeights(type);
        _backbone = _random.Backbone(config);
        KvDtype cache = KvCache.DefaultType(type);
        _sets = [.. Counts.Select(count => _random.Streams(config, count == 1 ? StreamConfig.Plain : new StreamConfig(count, Numbers.Prefix, 0.1), cache))];
        _engine = new InferenceEngine(_backbone, new ForwardPass(_backbone, _pool), cache, new KvMemory(8L << 30, keepFinished: false), set => throw new InvalidOperationException(set.Name));
    }

    public static void Run(string[] args)
    {
        WeightDtype type = Enum.Parse<WeightDtype>(args.ElementAtOrDefault(0) ?? "q8", ignoreCase: true);
        using var figures = new EngineFigures(type);
        Say($"1.8B {type}, {figures._pool.ThreadCount} threads");
        figures.Memory();
        figures.Switching();
        figures.Throughput();
        figures.Gaps();
    }

    public void Dispose()
    {
        _engine.Dispose();
        foreach (StreamSet set in _sets) set.Free();
        _random.Dispose();
        _pool.Dispose();
    }

    // Four sets over one backbone, each with a sequence of 512 tokens of room, 200 of them used.
    private void Memory()
    {
        long caches = 0;
        foreach (StreamSet set in _sets)
        {
            KeyValues cache = _engine.Reserve(set, 512);
            _engine.Run(Append(set, cache, 200));
            caches += cache.Bytes;
            _engine.Release(cache);
        }
        GC.Collect();
        long sets = _sets.Sum(set => set.Bytes), weights = Benchmarking.WeightCost.Bytes(_backbone);
        long other = Environment.WorkingSet - weights - sets;
        Say($"memory: weights {weights >> 20} MiB, four sets {sets >> 20} MiB, resident beside them {other >> 20} MiB (runtime before loading {_before >> 20}; the caches, {caches >> 20}, are freed)");
    }

    // The same set again and again, or another one every step.
    private void Switching()
    {
        KeyValues[] caches = [.. _sets.Select(set => _engine.Reserve(set, 64))];
        AppendWork[] works = [.. _sets.Select((set, i) => new AppendWork(set, caches[i]))];
        double Step(int i)
        {
            if (caches[i].Position > 60) caches[i].Rewind(0);
            works[i].Prepare([7], null, CancellationToken.None);
            long start = Stopwatch.GetTimestamp();
            _engine.Run(works[i]);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        for (int i = 0; i < _sets.Length; i++) for (int n = 0; n < 3; n++) Step(i);
        var same = new List<double>[_sets.Length];
        var switched = new List<double>[_sets.Length];
        for (int i = 0; i < _sets.Length; i++) (same[i], switched[i]) = ([], []);
        for (int round = 0; round < 6; round++)
        {
            for (int i = 0; i < _sets.Length; i++) for (int n = 0; n < 4; n++) same[i].Add(Step(i));
            for (int n = 0; n < 4; n++) for (int i = 0; i < _sets.Length; i++) switched[i].Add(Step(i));
        }
        for (int i = 0; i < _sets.Length; i++)
            Say($"switching: P = {_sets[i].Count}: {Median(same[i]):F1} ms a step, {Median(switched[i]):F1} ms when another set ran before");
        foreach (KeyValues cache in caches) _engine.Release(cache);
    }

    private void Throughput()
    {
        foreach (double temperature in (double[])[0, 0.8])
        {
            double one = 0;
            foreach (int[] streams in (int[][])[[1], [1, 1, 1, 1, 1, 1, 1, 1], [8], [1, 2, 4]])
            {
                var watch = Stopwatch.StartNew();
                const int tokens = 24;
                Recorder[] all = [.. streams.Select(count => Generate(Set(count), 8, tokens, temperature))];
                foreach (Recorder recorder in all) recorder.Wait();
                foreach (Recorder recorder in all) recorder.Dispose();
                double rate = streams.Length * tokens / watch.Elapsed.TotalSeconds;
                if (one == 0) one = rate;
                Say($"throughput, temperature {temperature:F1}: P = {string.Join('+', streams)}: {rate:F1} tokens/s, {rate / one:F2} times one plain sequence");
            }
        }
    }

    // A running sequence while a long prompt is read beside it.
    private void Gaps()
    {
        foreach (int count in (int[])[1, 4])
        {
            using Recorder running = Generate(Set(1), 8, 400, 0);
            running.WaitFor(24);
            int alone = running.Count;
            using Recorder prompt = Generate(Set(count), PromptTokens, 1, 0);
            prompt.Wait();
            int together = running.Count;
            running.Cancel();
            double[] gaps = running.Gaps();
            double step = Median([.. gaps.Skip(4).Take(alone - 4)]);
            double[] beside = [.. gaps.Skip(alone).Take(together - alone)];
            Say($"gaps while a prompt of {PromptTokens} tokens with P = {count} is read in {prompt.Seconds:F1} s: step alone {step:F1} ms, {beside.Length} tokens beside the prompt");
            Say($"gaps: median {Median([.. beside]) / step:F2} steps, 99 % {Quantile(beside, 0.99) / step:F2}, longest {beside.Max() / step:F2}");
        }
    }

    private static AppendWork Append(StreamSet set, KeyValues cache, int tokens)
    {
        var work = new AppendWork(set, cache);
        work.Prepare([.. Enumerable.Range(0, tokens).Select(i => i * 31 % 5000)], null, CancellationToken.None);
        return work;
    }

    private StreamSet Set(int count) => _sets.Single(set => set.Count == count);

    private Recorder Generate(StreamSet set, int prompt, int tokens, double temperature)
    {
        var options = new GenerationOptions { MaxNewTokens = tokens, IgnoreEndOfText = true, Sampling = new SamplingOptions { Temperature = temperature, Seed = 1 } };
        var recorder = new Recorder(_engine);
        int[] ids = [.. Enumerable.Range(0, prompt).Select(i => i * 37 % 9000)];
        _engine.Submit(new GenerationWork(_backbone.Config, set, null, ids, options, recorder.Show, recorder.End, recorder.Token));
        return recorder;
    }

    private static double Median(List<double> values) => Quantile([.. values], 0.5);

    private static double Quantile(double[] values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    // When each token came.
    private sealed class Recorder(InferenceEngine engine) : IDisposable
    {
        private readonly long _start = Stopwatch.GetTimestamp();
        private readonly List<long> _times = [];
        private readonly ManualResetEventSlim _ended = new();
        private readonly CancellationTokenSource _cancel = new();

        public CancellationToken Token => _cancel.Token;

        public int Count
        {
            get
            {
                lock (_times) return _times.Count;
            }
        }

        public double Seconds { get; private set; }

        public void Show(GeneratedPiece piece)
        {
            if (piece.TokenId is null) return;
            lock (_times) _times.Add(Stopwatch.GetTimestamp());
        }

        public void End(Exception? failure)
        {
            Seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
            _ended.Set();
        }

        public void Wait() => _ended.Wait();

        public void Dispose()
        {
            _ended.Dispose();
            _cancel.Dispose();
        }

        public void WaitFor(int tokens)
        {
            while (Count < tokens) Thread.Sleep(5);
        }

        public void Cancel()
        {
            _cancel.Cancel();
            engine.Kick();
            Wait();
        }

        public double[] Gaps() => [.. _times.Zip(_times.Skip(1), (a, b) => Stopwatch.GetElapsedTime(a, b).TotalMilliseconds)];
    }
}
