using CsCheck;
using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Tests.Cost;

public class CostModelTests
{
    private static readonly Device A100 = Assert.IsType<Device>(Devices.Find("a100"));

    private static readonly CostQuery Plain = new()
    {
        Shape = Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B")),
        Streams = 1,
        Weights = WeightDtype.Bf16,
        Cache = KvDtype.Bf16,
        Work = new Workload(1, 128, 128),
        Device = A100,
    };

    [Theory]
    [InlineData(WeightDtype.F32, 4)]
    [InlineData(WeightDtype.Bf16, 2)]
    [InlineData(WeightDtype.Q8, 8.125 / 8)]
    public void Weights_are_their_bits(WeightDtype format, double bytes)
    {
        MemoryCost memory = CostModel.Memory(Plain with { Weights = format });
        double vectors = Plain.Shape.VectorParameters;
        Assert.Equal((1_804_846_080 - vectors) * bytes + 4 * vectors, memory.Weights, 1.0);
    }

    [Fact]
    public void Four_bits_leave_embedding_and_head_at_eight()
    {
        double vectors = Plain.Shape.VectorParameters, table = Plain.Shape.EmbeddingParameters;
        double expected = (1_571_472_384 - vectors) * 4.25 / 8 + table * 8.125 / 8 + 4 * vectors;
        Assert.Equal(expected, CostModel.Memory(Plain with { Weights = WeightDtype.Q4 }).Weights, 1.0);
    }

    [Fact]
    public void Each_stream_has_a_cache_and_prefixes_but_layer_0_is_held_once()
    {
        MemoryCost memory = CostModel.Memory(Plain with { Streams = 8, Work = new Workload(3, 100, 28) });
        double perToken = 2 * 2 * 96 * 2, layers = 35 * 8 + 1;
        Assert.Equal(perToken * layers * 128 * 3, memory.Cache, 1.0);
        // They are kept as the cache is, and nowhere else.
        Assert.Equal(perToken * 36 * 8 * 48, memory.Prefixes, 1.0);
        Assert.Equal(2.0 * (8 * 1536 * 1536 + 1536 + 1536 * 8 + 8), memory.Aggregator);
    }

    [Fact]
    public void Cache_formats_differ_by_their_bytes()
    {
        double Cache(KvDtype format) => CostModel.Memory(Plain with { Cache = format }).Cache;
        Assert.Equal(2, Cache(KvDtype.F32) / Cache(KvDtype.Bf16), 1e-9);
        Assert.Equal((2.0 * 96 + 4 * 3 + 4) / (2 * 2 * 96), Cache(KvDtype.Q8) / Cache(KvDtype.Bf16), 1e-9);
    }

    [Fact]
    public void One_sequence_waits_for_its_weights_and_streams_are_nearly_free()
    {
        LatencyCost one = CostModel.Latency(Plain), eight = CostModel.Latency(Plain with { Streams = 8 });
        double floor = 2.0 * 1_804_846_080 / A100.ReadReached;
        Assert.InRange(one.Decode / floor, 1, 1.02);
        Assert.InRange(eight.Decode / one.Decode, 1, 1.1);
        Assert.True(one.ReadShare > 0.99);
    }

    [Fact]
    public void A_large_batch_and_a_prompt_pay_for_every_stream()
    {
        CostQuery batch = Plain with { Work = new Workload(512, 512, 1) };
        LatencyCost one = CostModel.Latency(batch), eight = CostModel.Latency(batch with { Streams = 8 });
        Assert.InRange(eight.Decode / one.Decode, 4, 8.5);
        Assert.InRange(eight.Prefill / one.Prefill, 7, 9);
        Assert.True(eight.ReadShare < 0.9);
    }

    [Fact]
    public void Where_reading_and_multiplying_take_equally_long_the_corner_is_round_by_the_root_of_two()
    {
        // Two bytes a weight, one product: a rate that makes both take equally long.
        Device sharp = A100 with { ReadEfficiency = 1, ComputeEfficiency = 1, ReadRate = 2e9, Bf16Rate = 1e9 };
        double roofline = CostModel.DecodeSeconds(Plain with { Device = sharp }, 1);
        double round = CostModel.DecodeSeconds(Plain with { Device = sharp with { Overlap = 2 } }, 1);
        double layers = CostModel.DecodeSeconds(Plain with { Device = sharp with { LayerSeconds = 1e-3 } }, 1);
        Assert.Equal(Math.Sqrt(2), round / roofline, 1e-3);
        Assert.Equal(36e-3, layers - roofline, 1e-9);
    }

    [Fact]
    public void Whole_time_is_prompt_and_steps()
    {
        LatencyCost cost = CostModel.Latency(Plain);
        Assert.Equal(cost.Prefill + 128 * cost.Decode, cost.Total, 1e-12);
        Assert.Equal(cost.Decode, CostModel.DecodeSeconds(Plain, 192), 1e-12);
        Assert.Equal(cost.Prefill, CostModel.PrefillSeconds(Plain), 1e-12);
    }

    [Fact]
    public void A_mixture_costs_the_memory_of_all_and_the_time_of_some()
    {
        CostQuery mixture = Plain with { Shape = PublishedShapes.Mixture(8e9, 1.6e9) }, dense = Plain with { Shape = PublishedShapes.WithParameters(1.6e9) };
        Assert.InRange(CostModel.Memory(mixture).Weights / CostModel.Memory(dense).Weights, 4, 5);
        Assert.InRange(CostModel.Latency(mixture).Decode / CostModel.Latency(dense).Decode, 0.99, 1.01);
        Assert.InRange(CostModel.DecodeSeconds(mixture with { Work = new Workload(32, 1, 1) }, 1)
            / CostModel.DecodeSeconds(dense with { Work = new Workload(32, 1, 1) }, 1), 3, 5);
    }

    [Fact]
    public void Nothing_gets_cheaper_by_more() =>
        Gen.Select(Gen.Int[1, 16], Gen.Int[1, 64], Gen.Int[1, 4096], Gen.Int[1, 4096], Gen.Enum<WeightDtype>(), Gen.Enum<KvDtype>())
            .Sample((streams, batch, prompt, output, weights, cache) =>
            {
                CostQuery query = Plain with { Streams = streams, Weights = weights, Cache = cache, Work = new Workload(batch, prompt, output) };
                AssertCheaper(query, query with { Streams = streams + 1 });
                AssertCheaper(query, query with { Work = query.Work with { Batch = batch + 1 } });
                AssertCheaper(query, query with { Work = query.Work with { Prompt = prompt + 1 } });
                AssertCheaper(query, query with { Shape = Assert.IsType<ModelShape>(PublishedShapes.Find("3B")) });
            });

    private static void AssertCheaper(CostQuery less, CostQuery more)
    {
        Assert.True(CostModel.Memory(less).Total <= CostModel.Memory(more).Total);
        Assert.True(CostModel.Latency(less).Decode <= CostModel.Latency(more).Decode);
        Assert.True(CostModel.Latency(less).Total <= CostModel.Latency(more).Total * (1 + 1e-12));
    }
}
