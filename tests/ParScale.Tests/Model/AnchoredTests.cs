using System.Text;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Tests.Families;

namespace ParScale.Tests.Model;

/// <summary>An anchor with helpers: against float64 for every family, and to the bit whoever else runs.</summary>
public sealed class AnchoredTests : IDisposable
{
    private const int Length = 14;

    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Families => [.. FamilyConfigs.Names];

    public static TheoryData<WeightDtype, KvDtype> Types => new()
    {
        { WeightDtype.F32, KvDtype.F32 },
        { WeightDtype.Bf16, KvDtype.Bf16 },
        { WeightDtype.Q8, KvDtype.Q8 },
        { WeightDtype.Q4, KvDtype.Bf16 },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("anchored-p2")]
    [InlineData("anchored-p4")]
    public void The_golden_checkpoints_match(string name)
    {
        if (SharedFolder.Find("golden-streams", name) is not { } folder)
        {
            Assert.Skip("needs the folder shared/golden-streams beside the repository");
            return;
        }
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        JsonElement root = json.RootElement;
        int[] tokens = root.GetProperty("tokens").Deserialize<int[]>()!;
        double[][] Logits(string key) => root.GetProperty(key).Deserialize<double[][]>()!;
        ulong[] active = [.. root.GetProperty("active").EnumerateArray().Select(token => Mask([.. token.EnumerateArray().Select(IsOn)]))];
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Dtype = WeightDtype.F32, Threads = 2 });
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        Oracle oracle = Oracle.Of(checkpoint);
        ulong all = Mask([.. Enumerable.Repeat(true, model.Streams.Count)]);
        foreach ((string key, ulong[] streams) in ((string, ulong[])[])[("logits_all", [.. tokens.Select(_ => all)]), ("logits_active", active), ("logits_anchor_alone", [.. tokens.Select(_ => 1UL)])])
        {
            double[] expected = [.. Logits(key).SelectMany(row => row)];
            double error = Compare.RelativeError(expected, Run(model, tokens, streams, tokens.Length));
            TestContext.Current.TestOutputHelper?.WriteLine($"{name} {key}: {error:e2} of the largest logit");
            Assert.InRange(error, 0, 1e-5);
            double[] own = [.. oracle.Logits(tokens, [.. streams.Select(mask => Flags(mask, model.Streams.Count))]).SelectMany(row => row)];
            // The fixture has seven digits.
            Assert.InRange(Rounding.Distance(own, expected), 0, 5.1e-7 * expected.Max(Math.Abs));
        }
        Assert.Equal(Run(model, tokens, [.. tokens.Select(_ => all)], 5, 1, tokens.Length - 6), Compare.LogitsInPortions(model, tokens, tokens.Length));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Any_choice_of_helpers_matches_the_oracle(string name)
    {
        CheckpointConfig config = FamilyConfigs.Write(_folder.Path, name, streams: 3, seed: 6, anchored: true);
        int[] tokens = FamilyRun.Tokens(Length, config.Model.VocabularySize);
        ulong[] chosen = Chosen(Length, 3, seed: 2);
        bool[][] flags = [.. chosen.Select(mask => Flags(mask, 3))];
        using LanguageModel model = LanguageModel.Load(_folder.Path, new LoadOptions { Threads = 2 });
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        double[] Exact(Random? random, bool[][]? active) => [.. Oracle.Of(checkpoint, random).Logits(tokens, active).SelectMany(row => row)];
        double[] all = Exact(null, null), some = Exact(null, flags);
        double allowed = Rounding.Allowed(all, seed => Exact(new Random(seed), null));
        Assert.InRange(Compare.Distance(all, Compare.LogitsInPortions(model, tokens, Length)), 0, allowed);
        if (config.Model.Rotations.All(rotation => !rotation.DependsOnLength))
            Assert.InRange(Compare.Distance(some, Run(model, tokens, chosen, 3, 1, 6, Length - 10)), 0, allowed);
        Assert.InRange(Compare.Distance(some, Run(model, tokens, chosen, Length)), 0, allowed);
        Assert.True(Rounding.Distance(all, some) > 10 * allowed, "helpers make no difference");
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_a_token_gets_does_not_depend_on_helpers_of_others_or_on_how_the_text_is_cut(WeightDtype type, KvDtype cache)
    {
        using LanguageModel model = Load(4, type, cache);
        int[] tokens = FamilyRun.Tokens(40, model.Config.VocabularySize);
        ulong[] chosen = Chosen(40, 4, seed: 3);
        float[] found = Run(model, tokens, chosen, 40);
        Assert.Equal(found, Run(model, tokens, chosen, [.. Enumerable.Repeat(1, 40)]));
        Assert.Equal(found, Run(model, tokens, chosen, 1, 30, 9));
        int vocabulary = model.Config.VocabularySize;
        for (int stream = 0; stream < 4; stream++)
        {
            // Alone with the anchor at every token: the tokens of the choice that have the same streams have the same bits.
            ulong mask = 1UL | 1UL << stream;
            float[] alone = Run(model, tokens, [.. tokens.Select(_ => mask)], 40);
            for (int t = 0; t < 40; t++)
                if (chosen[t] == mask) Assert.Equal(alone[(t * vocabulary)..((t + 1) * vocabulary)], found[(t * vocabulary)..((t + 1) * vocabulary)]);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_anchor_alone_is_the_plain_model_and_its_cache(WeightDtype type, KvDtype cache)
    {
        using LanguageModel model = Load(4, type, cache);
        int[] tokens = FamilyRun.Tokens(30, model.Config.VocabularySize);
        using Session plain = model.CreateSession(30, 1), anchored = model.CreateSession(30, 4);
        long before = model.KvMemoryInUse;
        using (model.CreateSession(30, 1)) Assert.Equal(before / 2 * 3, model.KvMemoryInUse);
        var expected = new List<float>();
        plain.Append(tokens, (_, logits) => expected.AddRange(logits.ToArray()), Stop);
        var found = new List<float>();
        anchored.Append(tokens, [.. tokens.Select(_ => 1UL)], (_, logits) => found.AddRange(logits.ToArray()), Stop);
        Assert.Equal(expected, found);
        Assert.NotEqual(model.Logits(tokens, 1, Stop).Last, model.Logits(tokens, 4, Stop).Last);
        // Helpers leave nothing behind, so a rewound session and a fork go on as the plain one.
        using Session fork = anchored.Fork();
        fork.Rewind(12);
        Assert.Equal(model.Logits([.. tokens[..12], 7], 4, Stop).Last, fork.Append([7], Stop).ToArray());
    }

    [Fact]
    public void A_batch_with_others_gives_the_bits_of_the_solo_run()
    {
        foreach (string name in (string[])["qwen2", "gemma2", "qwen3_moe", "olmo2"])
        {
            string folder = _folder.File(name);
            FamilyConfigs.Write(folder, name, streams: 4, seed: 8, anchored: true);
            FamilyRun.CompareBatchWithSolo(folder);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_first_streams_of_an_elastic_one_are_all_streams_with_the_others_resting(int count)
    {
        string folder = Write(4, out CheckpointConfig config);
        CutCheckpoint.MakeElastic(folder, 1, 2, 3, 4);
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Threads = 2 });
        Assert.Equal([1, 2, 3, 4], model.StreamSets.Select(set => set.Count));
        int[] tokens = FamilyRun.Tokens(12, config.Model.VocabularySize);
        ulong mask = (1UL << count) - 1;
        Assert.InRange(Compare.RelativeError(Run(model, tokens, [.. tokens.Select(_ => mask)], 12)[^config.Model.VocabularySize..].Select(x => (double)x),
            model.Logits(tokens, count, Stop).Last), 0, 1e-5);
    }

    [Fact]
    public void A_quantised_folder_runs_as_the_floats_do_when_they_are_quantised_at_loading()
    {
        string folder = Write(3, out CheckpointConfig config);
        FamilyRun.CompareQuantized(folder, _folder.File("q8"), FamilyRun.Tokens(20, config.Model.VocabularySize));
        Assert.True(CheckpointConfig.Load(_folder.File("q8")).Streams.Anchored);
    }

    [Fact]
    public void Helpers_are_an_add_on_of_a_plain_model()
    {
        string plain = _folder.File("plain"), helpers = _folder.File("helpers");
        RandomCheckpoint.Write(plain, RandomCheckpoint.Config(1), seed: 4);
        RandomCheckpoint.WriteAddOn(helpers, plain, new StreamConfig(3, 5, 0.1) { Anchored = true }, seed: 5);
        using LanguageModel whole = LanguageModel.Load(helpers), added = LanguageModel.Load(plain, new LoadOptions { AddedStreams = [helpers] });
        int[] tokens = FamilyRun.Tokens(15, 50);
        Assert.Equal(whole.Logits(tokens, Stop).Last, added.Logits(tokens, 3, Stop).Last);
        Assert.Equal(added.Logits(tokens, Stop).Last, whole.Logits(tokens, 1, Stop).Last);
    }

    [Fact]
    public void Its_config_is_its_own_kind_and_comes_back()
    {
        CheckpointConfig config = RandomCheckpoint.Config(4, anchored: true);
        Assert.Equal(("qwen2_parscale_anchored", "Qwen2ParScaleAnchoredForCausalLM"), (config.ModelType, config.Architecture));
        CheckpointConfig read = CheckpointConfig.Parse(Encoding.UTF8.GetBytes(config.ToJson()), "config.json");
        Assert.Equal((config.ModelType, config.Architecture, config.Streams), (read.ModelType, read.Architecture, read.Streams));
        Assert.Equal([3L, 2, 5, 6], ModelTensors.Expected(read).First(tensor => tensor.Name.EndsWith("prefix_k", StringComparison.Ordinal)).Shape);
        string asOther = config.ToJson().Replace("Qwen2ParScaleAnchoredForCausalLM", "Qwen2ParScaleForCausalLM", StringComparison.Ordinal);
        Assert.Equal("CF-08", Assert.Throws<ParScaleException>(() => CheckpointConfig.Parse(Encoding.UTF8.GetBytes(asOther), "config.json")).Code);
        asOther = config.ToJson().Replace("qwen2_parscale_anchored", "qwen2_parscale", StringComparison.Ordinal);
        Assert.Equal("CF-08", Assert.Throws<ParScaleException>(() => CheckpointConfig.Parse(Encoding.UTF8.GetBytes(asOther), "config.json")).Code);
    }

    [Fact]
    public void Streams_that_cannot_be_chosen_are_refused_by_name()
    {
        using LanguageModel model = Load(3, WeightDtype.F32, KvDtype.F32);
        using Session anchored = model.CreateSession(5), plain = model.CreateSession(5, 1);
        void Refused(Session session, string what, params ulong[] active)
        {
            var refused = Assert.Throws<ParScaleException>(() => session.Append([1, 2], active, (_, _) => { }, Stop));
            Assert.Equal(("GE-07", ErrorKind.Usage), (refused.Code, refused.Kind));
            Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        }
        Refused(plain, "anchored", 1, 1);
        Refused(anchored, "1 tokens, but there are 2", 1);
        Refused(anchored, "0x6", 1, 6);
        Refused(anchored, "0x9", 9, 1);
        Assert.Equal(0, anchored.Position);
    }

    private static bool IsOn(JsonElement value) => value.ValueKind == JsonValueKind.True || (value.ValueKind == JsonValueKind.Number && value.GetInt32() != 0);

    private static ulong Mask(bool[] active) => active.Select((on, p) => on ? 1UL << p : 0).Aggregate(0UL, (mask, bit) => mask | bit);

    private static bool[] Flags(ulong mask, int streams) => [.. Enumerable.Range(0, streams).Select(p => (mask >> p & 1) == 1)];

    private static ulong[] Chosen(int tokens, int streams, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, tokens).Select(_ => 1UL | (ulong)random.Next(1 << (streams - 1)) << 1)];
    }

    private static float[] Run(LanguageModel model, int[] tokens, ulong[] active, params int[] portions)
    {
        var all = new List<float>();
        using Session session = model.CreateSession(tokens.Length);
        foreach (int portion in portions)
            session.Append(tokens.AsSpan(session.Position, portion), active.AsSpan(session.Position, portion), (_, logits) => all.AddRange(logits.ToArray()), Stop);
        Assert.Equal(tokens.Length, session.Position);
        return [.. all];
    }

    private string Write(int streams, out CheckpointConfig config)
    {
        config = RandomCheckpoint.Config(streams, hidden: 64, heads: 8, headSize: 20, layers: 3, intermediate: 96, anchored: true);
        RandomCheckpoint.Write(_folder.File("anchored"), config, seed: 12);
        return _folder.File("anchored");
    }

    private LanguageModel Load(int streams, WeightDtype type, KvDtype cache) =>
        LanguageModel.Load(Write(streams, out _), new LoadOptions { Dtype = type, KvDtype = cache, Threads = 3 });
}
