using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Mistral: a window on every layer, and no biases.</summary>
internal sealed class Mistral : Family
{
    // The class's own, where a file does not say.
    private const int AbsentWindow = 4096;

    /// <inheritdoc/>
    public override string PlainType => "mistral";

    /// <inheritdoc/>
    public override string PlainClass => "MistralForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys => ["hidden_act", "sliding_window"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["layer_types", "attention_bias", "mlp_bias"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(131072);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file) => file.Model(new LayerConfig
    {
        Attention = new AttentionConfig { Scale = file.Scale, Rotation = file.Rotation(), Window = file.Window(AbsentWindow) },
        FeedForward = file.FeedForward(),
    });

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        WriteWindow(json, model);
    }
}
