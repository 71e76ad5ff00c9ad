using ParScale.Configuration;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Model;

/// <summary>The six shapes of the paper: 36 layers, 16 heads, 2 key heads, 48 prefix slots, 151,936 tokens, tied.</summary>
public class ModelConfigCountsTests
{
    private const int Embedding = 151_936;

    /// <summary>Hidden, intermediate and head size; parameters at P = 1, of one stream's prefixes, and without the embedding.</summary>
    public static TheoryData<int, int, int, long, long, long> Published() => new()
    {
        { 896, 4_864, 56, 671_948_032, 387_072, 535_813_376 },
        { 1_024, 5_504, 64, 849_336_320, 442_368, 693_753_856 },
        { 1_280, 6_912, 80, 1_282_854_400, 552_960, 1_088_376_320 },
        { 1_536, 8_320, 96, 1_804_846_080, 663_552, 1_571_472_384 },
        { 2_048, 11_008, 128, 3_085_938_688, 884_736, 2_774_773_760 },
        { 2_560, 13_824, 160, 4_742_159_360, 1_105_920, 4_353_203_200 },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void Counts_are_the_published_ones(int hidden, int inter, int headSize, long total, long prefix, long nonEmbedding)
    {
        foreach (int streams in (ReadOnlySpan<int>)[1, 2, 4, 8])
        {
            CheckpointConfig config = Config(hidden, inter, streams);
            Assert.Equal(headSize, config.Model.HeadSize);
            Assert.Equal(total, config.Model.Parameters);
            Assert.Equal(nonEmbedding, config.Model.Parameters - ((long)Embedding * hidden));
            Assert.Equal(streams == 1 ? 0 : streams * prefix, config.Streams.PrefixParameters(config.Model));
            long aggregator = ((long)streams * hidden * hidden) + hidden + ((long)hidden * streams) + streams;
            Assert.Equal(streams == 1 ? 0 : aggregator, config.Streams.AggregatorParameters(config.Model));
            Assert.Equal(config.Model.Parameters + config.Streams.PrefixParameters(config.Model) + config.Streams.AggregatorParameters(config.Model), config.Parameters);
        }
    }

    [Fact]
    public void An_untied_head_counts_on_its_own()
    {
        CheckpointConfig tied = Config(896, 4_864, 4);
        Assert.Equal(tied.Parameters + (896L * Embedding), (tied with { Model = tied.Model with { TieWordEmbeddings = false } }).Parameters);
    }

    [Fact]
    public void Counts_at_every_limit_fit_63_bits()
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config(
            ("hidden_size", 1 << 18), ("intermediate_size", 1 << 20), ("num_hidden_layers", 1024), ("num_attention_heads", 1024),
            ("num_key_value_heads", 1024), ("head_dim", 4096), ("vocab_size", 2_000_000), ("parscale_n", 64), ("parscale_n_tokens", 4096),
            ("tie_word_embeddings", false)));
        Assert.InRange(config.Parameters, 1, long.MaxValue / 8);
    }

    private static CheckpointConfig Config(int hidden, int inter, int streams) => TinyModel.Parse(TinyModel.Config(
        ("hidden_size", hidden), ("intermediate_size", inter), ("num_hidden_layers", 36), ("num_attention_heads", 16),
        ("num_key_value_heads", 2), ("vocab_size", Embedding), ("parscale_n", streams), ("parscale_n_tokens", 48)));
}
