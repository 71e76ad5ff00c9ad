using ParScale.Configuration;
using ParScale.Training.Modules;
using TorchSharp;
using SelfAttention = ParScale.Training.Modules.SelfAttention;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

public sealed class SelfAttentionTests
{
    [Theory]
    [InlineData(1, 4, 4)]
    [InlineData(1, 4, 1)]
    [InlineData(3, 4, 2)]
    [InlineData(2, 2, 1)]
    public void Equals_attention_one_row_and_head_at_a_time(int streams, int heads, int keyValueHeads)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = RandomCheckpoint.Config(streams, heads: heads, keyValueHeads: keyValueHeads);
        using var module = new SelfAttention(config, config.Model.Layers[0].Attention, ScalarType.Float64);
        module.to(ScalarType.Float64);
        Dictionary<string, Tensor> state = module.state_dict();
        foreach (string name in state.Keys.Where(n => n.StartsWith("prefix", StringComparison.Ordinal))) state[name].normal_();
        using var positions = new Positions(config, 7, ScalarType.Float64);
        const int Rows = 2;
        Tensor x = randn([streams * Rows, 7, config.Model.HiddenSize], ScalarType.Float64);
        Tensor actual = module.forward(x, positions);
        for (int row = 0; row < streams * Rows; row++)
        {
            Tensor expected = OneRow(x[row], state, config, row / Rows, positions);
            Float64.AssertSame(expected, actual[row]);
        }
    }

    private static Tensor OneRow(Tensor x, Dictionary<string, Tensor> state, CheckpointConfig config, int stream, Positions positions)
    {
        RotaryTable rotary = positions.Rotary(config.Model.Layers[0].Attention.Rotation)!;
        Tensor Project(string name, int heads) =>
            (x.matmul(state[$"{name}.weight"].t()) + state[$"{name}.bias"]).view(7, heads, config.Model.HeadSize);
        Tensor queries = rotary.Apply(Project("q_proj", config.Model.AttentionHeads).unsqueeze(0))[0];
        Tensor keys = rotary.Apply(Project("k_proj", config.Model.KeyValueHeads).unsqueeze(0))[0];
        Tensor values = Project("v_proj", config.Model.KeyValueHeads);
        var rows = new List<Tensor>();
        for (int position = 0; position < 7; position++)
        {
            var heads = new List<Tensor>();
            for (int head = 0; head < config.Model.AttentionHeads; head++)
            {
                int keyHead = head / (config.Model.AttentionHeads / config.Model.KeyValueHeads);
                Tensor k = keys.narrow(0, 0, position + 1).select(1, keyHead);
                Tensor v = values.narrow(0, 0, position + 1).select(1, keyHead);
                if (config.Streams.Count > 1)
                {
                    k = cat([state["prefix_k"][stream, keyHead], k], 0);
                    v = cat([state["prefix_v"][stream, keyHead], v], 0);
                }
                Tensor weights = (k.matmul(queries[position, head]) / Math.Sqrt(config.Model.HeadSize)).softmax(0);
                heads.Add(weights.matmul(v));
            }
            rows.Add(state["o_proj.weight"].matmul(cat(heads, 0)));
        }
        return stack(rows);
    }
}
