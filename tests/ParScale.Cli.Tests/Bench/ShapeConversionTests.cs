using System.Text;
using CsCheck;
using ParScale.Checkpoints;
using ParScale.Cli.Bench;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Model;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Tests.Bench;

/// <summary>
/// The engine counts parameters and bytes over its table of tensors, the cost model by a formula on the sizes: both must say the same.
/// </summary>
public class ShapeConversionTests
{
    private static readonly StreamConfig Eight = new(8, 48, 0.1);

    private static readonly Gen<CheckpointConfig> Configs = Gen.Select(
        Gen.Int[1, 9], Gen.Int[0, 60], Gen.Int[1, 6], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 40], Gen.Select(Gen.Int[1, 64], Gen.Int[1, 300], Gen.Int[1, 500]), Gen.Bool)
        .Select((streams, slots, layers, keyHeads, group, half, sizes, tied) => CheckpointConfig.Create(
            new ModelConfig
            {
                HiddenSize = sizes.Item1,
                Layers = LayerConfig.Qwen2(layers, 2 * half, sizes.Item2, ropeTheta: 10_000),
                AttentionHeads = keyHeads * group,
                KeyValueHeads = keyHeads,
                HeadSize = 2 * half,
                VocabularySize = sizes.Item3,
                MaxPositions = 64,
                RmsNormEpsilon = 1e-6,
                TieWordEmbeddings = tied,
            },
            streams == 1 ? StreamConfig.Plain : new StreamConfig(streams, slots, 0.1)));

    /// <summary>Name; parameters at P = 1; of one stream's prefixes; without the embedding. Source: the paper's table, section 2.1.</summary>
    public static TheoryData<string, long, long, long> Published() => new()
    {
        { "0.7B", 671_948_032, 387_072, 535_813_376 },
        { "0.9B", 849_336_320, 442_368, 693_753_856 },
        { "1.3B", 1_282_854_400, 552_960, 1_088_376_320 },
        { "1.8B", 1_804_846_080, 663_552, 1_571_472_384 },
        { "3B", 3_085_938_688, 884_736, 2_774_773_760 },
        { "4.7B", 4_742_159_360, 1_105_920, 4_353_203_200 },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void Both_counts_are_the_published_ones(string name, long total, long prefix, long nonEmbedding)
    {
        ModelShape shape = Assert.IsType<ModelShape>(PublishedShapes.Find(name));
        foreach (int streams in (ReadOnlySpan<int>)[1, 2, 4, 8])
        {
            long aggregator = (long)streams * shape.Hidden * shape.Hidden + shape.Hidden + (long)shape.Hidden * streams + streams;
            var expected = new ParameterCounts(total, streams == 1 ? 0 : streams * prefix, streams == 1 ? 0 : aggregator, total - nonEmbedding);
            Assert.Equal(expected, ParameterCounts.Of(shape.ToConfig(), streams == 1 ? StreamConfig.Plain : Eight with { Count = streams }));
            Assert.Equal(expected, Counts(shape, streams));
        }
    }

    [Fact]
    public void Both_counts_agree_on_any_shape() => Configs.Sample(config =>
        Assert.Equal(ParameterCounts.Of(config), Counts(config.Model.ToShape(config.Streams, "any"), config.Streams.Count)));

    [Fact]
    public void Both_counts_agree_on_every_family()
    {
        foreach (string name in FamilyConfigs.Names)
        {
            foreach (int streams in new[] { 1, 3 })
            {
                CheckpointConfig config = FamilyConfigs.Read(name, streams);
                Assert.Equal(ParameterCounts.Of(config), Counts(config.Model.ToShape(config.Streams, name), streams));
            }
        }
    }

    [Fact]
    public void A_plain_config_has_the_slots_of_the_published_models_and_another_its_own() =>
        Assert.Equal((48, 3, 96), (ShapeConversion.PrefixSlots(StreamConfig.Plain), ShapeConversion.PrefixSlots(new StreamConfig(2, 3, 0.1)), ShapeConversion.PrefixSlots(Eight with { PrefixTokens = 96 })));

    [Fact]
    public void A_shape_comes_back_from_its_config_and_from_the_file()
    {
        foreach (ModelShape shape in PublishedShapes.All)
        {
            CheckpointConfig config = CheckpointConfig.Create(shape.ToConfig(), Eight);
            Assert.Equal(shape, config.Model.ToShape(config.Streams, shape.Name));
            Assert.Equal(config.ToJson(), CheckpointConfig.Parse(Encoding.UTF8.GetBytes(config.ToJson()), "config.json").ToJson());
        }
    }

    [Fact]
    public void Bytes_of_weights_and_cache_are_those_that_the_engine_takes()
    {
        foreach (ModelShape shape in PublishedShapes.All)
        {
            foreach (WeightDtype weights in Enum.GetValues<WeightDtype>())
            {
                foreach (KvDtype cache in Enum.GetValues<KvDtype>())
                {
                    CheckpointConfig config = CheckpointConfig.Create(shape.ToConfig(), Eight);
                    MemoryCost cost = Cost(shape, weights, cache, tokens: 1024), shorter = Cost(shape, weights, cache, tokens: 512);
                    // Padding of rows and groups, and biases that stay in float32.
                    double files = RandomWeights.BytesFor(config, weights) - shape.PrefixParameters(Eight.Count) * sizeof(float);
                    Assert.InRange((cost.Weights + cost.Aggregator) / files, 0.995, 1);
                    double engine = KvCache.BytesFor(config.Model, Eight.Count, cache, 1024) - KvCache.BytesFor(config.Model, Eight.Count, cache, 512);
                    Assert.Equal(engine, cost.Cache - shorter.Cache, 1.0);
                    // Prefixes are kept as the cache is, for every layer and stream.
                    int layers = config.Model.LayerCount;
                    Assert.Equal(engine / 512 / ((layers - 1) * Eight.Count + 1) * layers * Eight.Count * Eight.PrefixTokens, cost.Prefixes, 1.0);
                }
            }
        }
    }

    private static MemoryCost Cost(ModelShape shape, WeightDtype weights, KvDtype cache, int tokens) => CostModel.Memory(new CostQuery
    {
        Shape = shape,
        Streams = Eight.Count,
        Weights = weights,
        Cache = cache,
        Work = new Workload(1, tokens / 2, tokens / 2),
        Device = Devices.All[0],
    });

    private static ParameterCounts Counts(ModelShape shape, int streams)
    {
        var counts = new ParameterCounts(
            (long)shape.TotalParameters(1), (long)shape.PrefixParameters(streams), (long)shape.AggregatorParameters(streams), (long)shape.EmbeddingParameters)
        { Idle = (long)shape.IdleParameters };
        Assert.Equal((counts.Total, counts.NonEmbedding - counts.Idle), ((long)shape.TotalParameters(streams), (long)shape.NonEmbeddingParameters(streams)));
        return counts;
    }
}
