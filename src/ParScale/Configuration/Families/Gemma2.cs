using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Gemma 2: norms on both sides of the blocks, capped scores and logits, and a window on every other layer.</summary>
internal sealed class Gemma2 : Family
{
    /// <inheritdoc/>
    public override string PlainType => "gemma2";

    /// <inheritdoc/>
    public override string PlainClass => "Gemma2ForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys =>
    [
        "hidden_activation", "attention_bias", "query_pre_attn_scalar", "sliding_window", "layer_types", "attn_logit_softcapping", "final_logit_softcapping",
    ];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(8192, Tied: true, HeadSize: 256);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        bool[] sliding = file.SlidingLayers() ?? [.. Enumerable.Range(0, file.Layers).Select(i => i % 2 == 0)];
        int? window = file.Window(AbsentWindow);
        LayerConfig layer = Layer(file);
        layer = layer with
        {
            Attention = layer.Attention with { Rotation = file.Rotation(), SoftCap = file.Positive("attn_logit_softcapping", 50) },
        };
        return Scaled(file.Model(i => layer with { Attention = layer.Attention with { Window = sliding[i] ? window : null } })) with
        {
            LogitsSoftCap = file.Positive("final_logit_softcapping", 30),
        };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        WriteRotation(json, model);
        WriteCommon(json, model);
        WriteNumberOrNull(json, "attn_logit_softcapping", model.Layers[0].Attention.SoftCap);
    }

    /// <summary>The class's own window, where a file does not say.</summary>
    internal const int AbsentWindow = 4096;

    /// <summary>The layer of this family and of Gemma 3, without rotation and window.</summary>
    internal static LayerConfig Layer(FamilyFile file) => new()
    {
        Attention = new AttentionConfig
        {
            Scale = 1 / Math.Sqrt(file.Positive("query_pre_attn_scalar", 256) ?? 256),
            InputBias = file.Flag("attention_bias"),
            OutputBias = file.Flag("attention_bias"),
        },
        FeedForward = file.FeedForward("hidden_activation", Activation.GeluTanh),
        Norms = NormPlacement.Both,
    };

    /// <summary>The same with what both families do outside of the layers.</summary>
    internal static ModelConfig Scaled(ModelConfig model) => model with
    {
        EmbeddingMultiplier = Math.Sqrt(model.HiddenSize),
        RoundsEmbeddingMultiplier = true,
        NormOffset = 1,
    };

    /// <summary>The keys of both families.</summary>
    internal static void WriteCommon(Utf8JsonWriter json, ModelConfig model)
    {
        AttentionConfig attention = model.Layers[0].Attention;
        json.WriteString("hidden_activation", ActivationName(model));
        json.WriteBoolean("attention_bias", attention.InputBias);
        json.WriteNumber("query_pre_attn_scalar", Math.Round(1 / (attention.Scale * attention.Scale), 6));
        WriteNumberOrNull(json, "final_logit_softcapping", model.LogitsSoftCap);
        WriteWindow(json, model);
        WriteLayerTypes(json, model);
    }
}
