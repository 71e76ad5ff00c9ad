using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Llama 2 and 3, SmolLM2, TinyLlama, Yi and whatever else calls itself <c>llama</c>.</summary>
internal sealed class Llama : Family
{
    /// <inheritdoc/>
    public override string PlainType => "llama";

    /// <inheritdoc/>
    public override string PlainClass => "LlamaForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys => ["hidden_act", "attention_bias", "mlp_bias"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(2048, AsManyKeyHeads: true);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file) => file.Model(Layer(file));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        WriteBiases(json, model);
    }

    /// <summary>The layer of this family, and of those that differ from it in one thing or another.</summary>
    internal static LayerConfig Layer(FamilyFile file, double absentTheta = 10000) => new()
    {
        Attention = new AttentionConfig
        {
            Scale = file.Scale,
            Rotation = file.Rotation(absentTheta),
            InputBias = file.Flag("attention_bias"),
            OutputBias = file.Flag("attention_bias"),
        },
        FeedForward = file.FeedForward() with { Bias = file.Flag("mlp_bias") },
    };

    /// <summary>The keys of <see cref="Layer"/>'s biases.</summary>
    internal static void WriteBiases(Utf8JsonWriter json, ModelConfig model)
    {
        json.WriteBoolean("attention_bias", model.Layers[0].Attention.InputBias);
        json.WriteBoolean("mlp_bias", model.Layers[0].FeedForward.Bias);
    }
}
