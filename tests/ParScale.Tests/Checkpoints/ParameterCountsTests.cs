using ParScale.Checkpoints;
using ParScale.Configuration;

namespace ParScale.Tests.Checkpoints;

public class ParameterCountsTests
{
    [Fact]
    public void Parts_are_what_each_tensor_serves()
    {
        // H = 8, three of 8 x 12, q and o 8 x 8, k and v 8 x 4 with biases, two norms, two layers; P = 2, 3 slots, 10 tokens.
        const long Layer = 3 * 8 * 12 + 2 * 8 * 8 + 8 + 2 * (8 * 4 + 4) + 2 * 8;
        ParameterCounts counts = ParameterCounts.Of(TinyModel.Parse(TinyModel.Config()));
        Assert.Equal(new ParameterCounts(10 * 8 + 2 * Layer + 8, 2 * 2 * 2 * 3 * 4, 2 * 8 * 8 + 8 + 2 * 8 + 2, 10 * 8), counts);
        Assert.Equal(counts.Core + counts.Prefix + counts.Aggregator, counts.Total);
        Assert.Equal(counts.Total - 10 * 8, counts.NonEmbedding);
    }

    [Fact]
    public void A_head_of_its_own_counts_with_the_embedding()
    {
        ParameterCounts tied = ParameterCounts.Of(TinyModel.Parse(TinyModel.Config()));
        ParameterCounts untied = ParameterCounts.Of(TinyModel.Parse(TinyModel.Config(("tie_word_embeddings", false))));
        Assert.Equal(tied with { Core = tied.Core + 80, Embedding = tied.Embedding + 80 }, untied);
        Assert.Equal(tied.NonEmbedding, untied.NonEmbedding);
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
}
