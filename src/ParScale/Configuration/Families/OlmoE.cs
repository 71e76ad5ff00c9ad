using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>OLMoE: experts in every layer; queries and keys normalized as a whole and then cut, as values are.</summary>
internal sealed class OlmoE : Family
{
    /// <inheritdoc/>
    public override string PlainType => "olmoe";

    /// <inheritdoc/>
    public override string PlainClass => "OlmoeForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys => [.. ExpertKeys.Counts, "norm_topk_prob", "hidden_act", "attention_bias", "clip_qkv"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(4096, Epsilon: 1e-5, AsManyKeyHeads: true);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file) => file.Model(new LayerConfig
    {
        Attention = new AttentionConfig
        {
            Scale = file.Scale,
            Rotation = file.Rotation(),
            QueryKeyNorm = QueryKeyNorm.Projection,
            Clip = file.Positive("clip_qkv", absent: null),
            InputBias = file.Flag("attention_bias"),
            OutputBias = file.Flag("attention_bias"),
        },
        FeedForward = file.FeedForward() with { Experts = ExpertKeys.Read(file) },
    });

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        json.WriteBoolean("attention_bias", model.Layers[0].Attention.InputBias);
        WriteNumberOrNull(json, "clip_qkv", model.Layers[0].Attention.Clip);
        ExpertKeys.Write(json, model);
    }
}
