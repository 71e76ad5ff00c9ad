using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Qwen3: queries and keys are normalized head by head.</summary>
internal sealed class Qwen3 : Family
{
    /// <inheritdoc/>
    public override string PlainType => "qwen3";

    /// <inheritdoc/>
    public override string PlainClass => "Qwen3ForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys =>
        ["hidden_act", "attention_bias", "use_sliding_window", "sliding_window", "max_window_layers", "layer_types"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(32768, HeadSize: 128);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        int?[] windows = Qwen2.Windows(file);
        var layer = new LayerConfig
        {
            Attention = new AttentionConfig
            {
                Scale = file.Scale,
                Rotation = file.Rotation(),
                QueryKeyNorm = QueryKeyNorm.Head,
                InputBias = file.Flag("attention_bias"),
                OutputBias = file.Flag("attention_bias"),
            },
            FeedForward = file.FeedForward(),
        };
        return file.Model(i => layer with { Attention = layer.Attention with { Window = windows[i] } });
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        json.WriteBoolean("attention_bias", model.Layers[0].Attention.InputBias);
        WriteSwitchedWindows(json, model);
    }
}
