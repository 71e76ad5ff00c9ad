using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>The mixtures of experts of Qwen3: its attention, some layers of experts, a window on all layers or on none.</summary>
internal sealed class Qwen3Moe : Family
{
    /// <inheritdoc/>
    public override string PlainType => "qwen3_moe";

    /// <inheritdoc/>
    public override string PlainClass => "Qwen3MoeForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys => [.. ExpertKeys.Sparse, "hidden_act", "attention_bias", "use_sliding_window", "sliding_window"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["layer_types", "max_window_layers"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(32768);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        bool[] sparse = ExpertKeys.SparseLayers(file);
        FeedForwardConfig dense = file.FeedForward(), experts = ExpertKeys.OwnWidth(file, ExpertKeys.Read(file));
        var attention = new AttentionConfig
        {
            Scale = file.Scale,
            Rotation = file.Rotation(),
            QueryKeyNorm = QueryKeyNorm.Head,
            InputBias = file.Flag("attention_bias"),
            OutputBias = file.Flag("attention_bias"),
            Window = file.Flag("use_sliding_window") ? file.Window(Qwen2.AbsentWindow) : null,
        };
        return file.Model(i => new LayerConfig { Attention = attention, FeedForward = sparse[i] ? experts : dense });
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        json.WriteBoolean("attention_bias", model.Layers[0].Attention.InputBias);
        json.WriteBoolean("use_sliding_window", model.Layers[0].Attention.Window is not null);
        WriteWindow(json, model);
        ExpertKeys.WriteSparse(json, model);
    }
}
