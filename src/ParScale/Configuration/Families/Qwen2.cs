using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Qwen2, Qwen2.5 and the published models with streams: biases on queries, keys and values.</summary>
internal sealed class Qwen2 : Family
{
    /// <summary>The size of windows that the classes of all Qwen families take where a file switches them on and does not say.</summary>
    internal const int AbsentWindow = 4096;

    // The value of Transformers when the key is absent: the layers before it see all tokens.
    private const int AbsentFullLayers = 28;

    /// <inheritdoc/>
    public override string PlainType => "qwen2";

    /// <inheritdoc/>
    public override string PlainClass => "Qwen2ForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys =>
        ["hidden_act", "use_sliding_window", "sliding_window", "max_window_layers", "layer_types", DualChunkAttention.Key];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Overlooked => ["attention_bias"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(32768);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        int?[] windows = Windows(file);
        var layer = new LayerConfig
        {
            Attention = new AttentionConfig { Scale = file.Scale, Rotation = file.Rotation(), InputBias = true },
            FeedForward = file.FeedForward(),
        };
        ModelConfig model = file.Model(i => layer with { Attention = layer.Attention with { Window = windows[i] } });
        return model with { MaxPositions = DualChunkAttention.Context(file, model.MaxPositions) };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        WriteSwitchedWindows(json, model);
    }

    /// <summary>The windows of this family and of Qwen3: by <c>layer_types</c>, else those of the layers from <c>max_window_layers</c> on.</summary>
    internal static int?[] Windows(FamilyFile file) =>
        file.SwitchedWindows(layer => layer >= file.Json.Whole("max_window_layers", AbsentFullLayers, 0, int.MaxValue, "CF-08"), AbsentWindow);
}
