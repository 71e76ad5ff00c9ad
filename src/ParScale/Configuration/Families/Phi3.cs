using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Phi-3, Phi-3.5 and Phi-4: fused projections, a part of each head that turns, and two lists of factors for long texts.</summary>
internal sealed class Phi3 : Family
{
    // Older files call longrope by names that mean something else in other families.
    private static readonly Dictionary<string, string> RotationTypes = new()
    {
        ["default"] = "default",
        ["longrope"] = "longrope",
        ["su"] = "longrope",
        ["yarn"] = "longrope",
    };

    /// <inheritdoc/>
    public override string PlainType => "phi3";

    /// <inheritdoc/>
    public override string PlainClass => "Phi3ForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys => ["hidden_act", "partial_rotary_factor", "original_max_position_embeddings", "sliding_window"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["attention_bias", "mlp_bias"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(4096, Epsilon: 1e-5, AsManyKeyHeads: true);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file) => file.Model(new LayerConfig
    {
        Attention = new AttentionConfig
        {
            Scale = file.Scale,
            Rotation = file.Rotation(file.Rotations(types: RotationTypes, mayBePartial: true)),
            Window = file.Window(absent: null),
        },
        FeedForward = file.FeedForward(),
    }) with
    { FusedProjections = true };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        WriteWindow(json, model);
    }
}
