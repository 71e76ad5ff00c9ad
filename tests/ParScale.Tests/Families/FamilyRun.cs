using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Quantization;

namespace ParScale.Tests.Families;

/// <summary>What is asked of a checkpoint of any family.</summary>
internal static class FamilyRun
{
    /// <summary>Random tokens.</summary>
    public static int[] Tokens(int count, int vocabulary, int seed = 7)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>The largest error over many splits; none may be above <paramref name="allowed"/>. Returns it.</summary>
    public static double WorstError(LanguageModel model, int[] tokens, double[][] expected, double allowed)
    {
        int count = tokens.Length, vocabulary = model.Config.VocabularySize;
        int[][] splits = [[count], [.. Enumerable.Repeat(1, count)], [1, count - 1], [count - 1, 1], [count / 2, count - count / 2], [3, 7, 2, count - 12]];
        double worst = 0;
        foreach (int[] split in splits)
        {
            float[] logits = Compare.LogitsInPortions(model, tokens, split);
            for (int position = FirstBinding(model.Config, split); position < count; position++)
            {
                double error = Compare.Distance(expected[position], logits[(position * vocabulary)..((position + 1) * vocabulary)]);
                worst = Math.Max(worst, error);
                Assert.True(error <= allowed, $"split [{string.Join(",", split)}] position {position}: {error:e2}, {allowed:e2} are allowed");
            }
        }
        return worst;
    }

    /// <summary>The tokens in a batch with others, of the same and other streams, get the bits of a run alone.</summary>
    public static float[] CompareBatchWithSolo(string folder, int[]? tokens = null)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        ModelConfig config = checkpoint.Config.Model;
        tokens ??= Tokens(20, config.VocabularySize);
        using Backbone backbone = Backbone.From(new WeightReader(checkpoint, null), config);
        using var random = new RandomWeights(WeightDtype.F32);
        StreamSet own = StreamSet.From(new WeightReader(checkpoint, null), config, checkpoint.Config.Streams, KvDtype.F32);
        StreamSet other = random.Streams(config, new StreamConfig(own.Count + 1, 3, 0.1), KvDtype.F32);
        using var pool = new WorkerPool(2);
        using var forward = new ForwardPass(backbone, pool);

        float[] Run(params (int[] Tokens, StreamSet Set)[] sequences)
        {
            KvCache[] caches = [.. sequences.Select(sequence => new KvCache(config, sequence.Set.Cached.Count, KvDtype.F32, sequence.Tokens.Length)
            {
                Epoch = backbone.RotationEpoch(sequence.Tokens.Length),
            })];
            PassSequence[] pass = [.. sequences.Select((sequence, i) =>
                new PassSequence(caches[i], sequence.Set, sequence.Tokens.Length, sequence.Tokens == tokens ? tokens.Length : 0))];
            float[] logits = forward.Logits(0, forward.Run([.. sequences.SelectMany(sequence => sequence.Tokens)], pass)).ToArray();
            foreach (KvCache cache in caches) cache.Dispose();
            return logits;
        }

        float[] alone = Run((tokens, own));
        int[] Others(int count, int seed) => Tokens(count, config.VocabularySize, seed);
        Assert.Equal(alone, Run((Others(5, 1), other), (tokens, own), (Others(2, 2), StreamSet.Plain), (Others(31, 3), own)));
        own.Free();
        other.Free();
        return alone;
    }

    /// <summary>
    /// Quantizes a folder to q8 and loads it: as exact, to the bit, as the same floats quantized while loading. Returns how far it is from
    /// the floats, of their largest logit.
    /// </summary>
    public static double CompareQuantized(string source, string target, int[] tokens)
    {
        Quantizer.Run(source, target, WeightDtype.Q8);
        float[] Logits(string folder, WeightDtype? type)
        {
            using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Dtype = type, KvDtype = KvDtype.F32, Threads = 2 });
            return Compare.LogitsInPortions(model, tokens, tokens.Length);
        }
        float[] exact = Logits(source, null), quantized = Logits(target, null);
        Assert.Equal(Logits(source, WeightDtype.Q8), quantized);
        return exact.Zip(quantized, (a, b) => Math.Abs(a - b)).Max() / exact.Max(Math.Abs);
    }

    // Where frequencies follow the length, only those tokens are comparable that were run when the sequence was, by them, as long as the whole.
    private static int FirstBinding(ModelConfig config, int[] split)
    {
        int Epoch(int length) => config.Rotations.Select(rotation => rotation.Epoch(length)).DefaultIfEmpty(0).Max();
        int start = 0;
        foreach (int portion in split)
        {
            if (Epoch(start + portion) == Epoch(split.Sum())) return start;
            start += portion;
        }
        return start;
    }
}
