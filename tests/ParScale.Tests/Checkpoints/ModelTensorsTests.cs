using ParScale.Checkpoints;
using ParScale.Configuration;

namespace ParScale.Tests.Checkpoints;

public class ModelTensorsTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(4, true)]
    [InlineData(5, false)]
    public void The_table_and_the_counts_agree(int streams, bool tied)
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config(("parscale_n", streams), ("tie_word_embeddings", tied), ("head_dim", 6)));
        long total = ModelTensors.Expected(config).Sum(tensor => tensor.Shape.Aggregate(1L, (product, axis) => product * axis));
        Assert.Equal(config.Parameters, total);
    }

    [Fact]
    public void Names_and_shapes_are_those_of_the_published_checkpoints()
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config(("num_hidden_layers", 1), ("head_dim", 6), ("tie_word_embeddings", false)));
        string[] lines = [.. ModelTensors.Expected(config).Select(tensor => $"{tensor.Name} {string.Join('x', tensor.Shape)}")];
        Assert.Equal(
        [
            "model.embed_tokens.weight 10x8",
            "model.layers.0.input_layernorm.weight 8",
            "model.layers.0.self_attn.q_proj.weight 12x8", "model.layers.0.self_attn.q_proj.bias 12",
            "model.layers.0.self_attn.k_proj.weight 6x8", "model.layers.0.self_attn.k_proj.bias 6",
            "model.layers.0.self_attn.v_proj.weight 6x8", "model.layers.0.self_attn.v_proj.bias 6",
            "model.layers.0.self_attn.o_proj.weight 8x12",
            "model.layers.0.self_attn.prefix_k 2x1x3x6", "model.layers.0.self_attn.prefix_v 2x1x3x6",
            "model.layers.0.post_attention_layernorm.weight 8",
            "model.layers.0.mlp.gate_proj.weight 12x8", "model.layers.0.mlp.up_proj.weight 12x8",
            "model.layers.0.mlp.down_proj.weight 8x12",
            "model.norm.weight 8",
            "model.aggregate_layer.0.weight 8x16", "model.aggregate_layer.0.bias 8",
            "model.aggregate_layer.2.weight 2x8", "model.aggregate_layer.2.bias 2",
            "lm_head.weight 10x8",
        ], lines);
    }
}
