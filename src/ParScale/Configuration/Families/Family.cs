using System.Text.Json;
using ParScale.Configuration.Rotations;

namespace ParScale.Configuration.Families;

/// <summary>
/// A family of models: which keys its configs have, and what they describe. Nothing outside of this folder knows families.
/// </summary>
internal abstract class Family
{
    private const string PlainEnd = "ForCausalLM";

    /// <summary><c>model_type</c> of the plain models.</summary>
    public abstract string PlainType { get; }

    /// <summary>The class of the plain models, as <c>architectures</c> names it.</summary>
    public abstract string PlainClass { get; }

    /// <summary><c>model_type</c> with streams.</summary>
    public string StreamType => $"{PlainType}_parscale";

    /// <summary>The class with streams.</summary>
    public string StreamClass => $"{PlainClass[..^PlainEnd.Length]}ParScale{PlainEnd}";

    /// <summary><c>model_type</c> with an anchor and helpers.</summary>
    public string AnchoredType => $"{StreamType}_anchored";

    /// <summary>The class with an anchor and helpers.</summary>
    public string AnchoredClass => $"{PlainClass[..^PlainEnd.Length]}ParScaleAnchored{PlainEnd}";

    /// <summary>Keys that it reads beside those of every family.</summary>
    public abstract IReadOnlyList<string> Keys { get; }

    /// <summary>Keys that change the mathematics of other families, and that Transformers does not look at in this one.</summary>
    public virtual IReadOnlyList<string> Overlooked => [];

    /// <summary>What Transformers takes where a file does not say.</summary>
    public abstract FamilyDefaults Defaults { get; }

    /// <summary>The model that a config describes.</summary>
    /// <exception cref="ParScaleException">A value is out of range, or what it asks for is not computed.</exception>
    public abstract ModelConfig Read(FamilyFile file);

    /// <summary>Writes the keys beside those of every family, so that <see cref="Read"/> gives the same model.</summary>
    public virtual void Write(Utf8JsonWriter json, ModelConfig model)
    {
        WriteRotation(json, model);
        json.WriteString("hidden_act", ActivationName(model));
    }

    /// <summary>The name of the activation of a model's feed-forward blocks.</summary>
    protected static string ActivationName(ModelConfig model) => model.Layers[0].FeedForward.Activation == Activation.Silu ? "silu" : "gelu_pytorch_tanh";

    /// <summary>Writes the one rotation of a model.</summary>
    protected static void WriteRotation(Utf8JsonWriter json, ModelConfig model)
    {
        if (model.Rotations.FirstOrDefault() is { } rotation) RotationWriter.Write(json, rotation, model.HeadSize);
    }

    /// <summary>Writes <c>use_sliding_window</c>, and the windows where some layer has one.</summary>
    protected static void WriteSwitchedWindows(Utf8JsonWriter json, ModelConfig model)
    {
        bool any = model.Layers.Any(layer => layer.Attention.Window is not null);
        json.WriteBoolean("use_sliding_window", any);
        if (!any) return;
        WriteWindow(json, model);
        WriteLayerTypes(json, model);
    }

    /// <summary>Writes <c>sliding_window</c>, the size of all windows.</summary>
    protected static void WriteWindow(Utf8JsonWriter json, ModelConfig model) =>
        WriteNumberOrNull(json, "sliding_window", model.Layers.Max(layer => layer.Attention.Window));

    /// <summary>Writes which layers have one.</summary>
    protected static void WriteLayerTypes(Utf8JsonWriter json, ModelConfig model)
    {
        json.WriteStartArray("layer_types");
        foreach (LayerConfig layer in model.Layers) json.WriteStringValue(layer.Attention.Window is null ? FamilyFile.FullAttention : FamilyFile.SlidingAttention);
        json.WriteEndArray();
    }

    /// <summary>Writes a number, or null.</summary>
    protected static void WriteNumberOrNull(Utf8JsonWriter json, string key, double? value)
    {
        if (value is { } number) json.WriteNumber(key, number);
        else json.WriteNull(key);
    }
}

/// <summary>What Transformers takes where a config of a family does not say.</summary>
/// <param name="Positions"><c>max_position_embeddings</c></param>
/// <param name="Epsilon"><c>rms_norm_eps</c></param>
/// <param name="Tied"><c>tie_word_embeddings</c></param>
/// <param name="HeadSize"><c>head_dim</c>; null: the hidden size over the heads.</param>
/// <param name="AsManyKeyHeads">
/// Whether <c>num_key_value_heads</c> may be absent and is then the number of query heads; elsewhere real files state it, and it is not guessed.
/// </param>
internal sealed record FamilyDefaults(int Positions, double Epsilon = 1e-6, bool Tied = false, int? HeadSize = null, bool AsManyKeyHeads = false);
