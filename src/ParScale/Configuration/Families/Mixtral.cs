using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Mixtral: Mistral's attention and experts in every layer, under names of its own.</summary>
internal sealed class Mixtral : Family
{
    /// <inheritdoc/>
    public override string PlainType => "mixtral";

    /// <inheritdoc/>
    public override string PlainClass => "MixtralForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys => [.. ExpertKeys.Counts, "hidden_act", "sliding_window"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["layer_types", "attention_bias", "mlp_bias", "norm_topk_prob"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(131072, Epsilon: 1e-5);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file) => file.Model(new LayerConfig
    {
        Attention = new AttentionConfig { Scale = file.Scale, Rotation = file.Rotation(absentTheta: 1e6), Window = file.Window(absent: null) },
        FeedForward = file.FeedForward() with { Experts = ExpertKeys.Read(file, normalized: true) },
    }) with
    { ExpertTensors = ExpertTensors.Mixtral };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        WriteWindow(json, model);
        ExpertKeys.Write(json, model, normalized: false, count: "num_local_experts");
    }
}
