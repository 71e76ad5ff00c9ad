using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>The mixtures of experts of Qwen1.5 and Qwen2: beside its experts each row runs through a shared block with a gate.</summary>
internal sealed class Qwen2Moe : Family
{
    private const string SharedWidthKey = "shared_expert_intermediate_size";

    // The value of Transformers when the key is absent.
    private const int AbsentWindowLayers = 28;

    /// <inheritdoc/>
    public override string PlainType => "qwen2_moe";

    /// <inheritdoc/>
    public override string PlainClass => "Qwen2MoeForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys =>
    [
        .. ExpertKeys.Sparse, SharedWidthKey, "hidden_act", "qkv_bias", "use_sliding_window", "sliding_window", "max_window_layers", "layer_types",
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["attention_bias"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(32768);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        bool[] sparse = ExpertKeys.SparseLayers(file);
        int windowed = file.Json.Whole("max_window_layers", AbsentWindowLayers, 0, int.MaxValue, "CF-08");
        int?[] windows = file.SwitchedWindows(layer => layer % 2 == 0 && layer < windowed, Qwen2.AbsentWindow);
        ExpertsConfig mixture = ExpertKeys.Read(file) with { SharedWidth = file.Json.Size(SharedWidthKey, ConfigLimits.Intermediate) };
        FeedForwardConfig dense = file.FeedForward(), experts = ExpertKeys.OwnWidth(file, mixture);
        var attention = new AttentionConfig { Scale = file.Scale, Rotation = file.Rotation(), InputBias = file.Json.Flag("qkv_bias", absent: true) };
        return file.Model(i => new LayerConfig { Attention = attention with { Window = windows[i] }, FeedForward = sparse[i] ? experts : dense });
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        json.WriteBoolean("qkv_bias", model.Layers[0].Attention.InputBias);
        WriteSwitchedWindows(json, model);
        ExpertKeys.WriteSparse(json, model);
        json.WriteNumber(SharedWidthKey, Math.Max(1, ExpertKeys.Experts(model).SharedWidth));
    }
}
