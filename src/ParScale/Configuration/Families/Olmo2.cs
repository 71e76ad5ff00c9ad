using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>OLMo 2: norms behind the blocks, and queries and keys normalized as a whole.</summary>
internal sealed class Olmo2 : Family
{
    /// <inheritdoc/>
    public override string PlainType => "olmo2";

    /// <inheritdoc/>
    public override string PlainClass => "Olmo2ForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys => ["hidden_act", "attention_bias"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(2048, Epsilon: 1e-5, AsManyKeyHeads: true);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file) => file.Model(new LayerConfig
    {
        Attention = new AttentionConfig
        {
            Scale = file.Scale,
            Rotation = file.Rotation(),
            QueryKeyNorm = QueryKeyNorm.Projection,
            InputBias = file.Flag("attention_bias"),
            OutputBias = file.Flag("attention_bias"),
        },
        FeedForward = file.FeedForward(),
        Norms = NormPlacement.After,
    });

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        json.WriteBoolean("attention_bias", model.Layers[0].Attention.InputBias);
    }
}
