using System.Text.Json;

namespace ParScale.Configuration.Families;

/// <summary>Granite 3: a Llama with four multipliers.</summary>
internal sealed class Granite : Family
{
    /// <inheritdoc/>
    public override string PlainType => "granite";

    /// <inheritdoc/>
    public override string PlainClass => "GraniteForCausalLM";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Keys =>
        ["hidden_act", "attention_bias", "mlp_bias", "embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"];

    /// <inheritdoc/>
    public override FamilyDefaults Defaults { get; } = new(2048, AsManyKeyHeads: true);

    /// <inheritdoc/>
    public override ModelConfig Read(FamilyFile file)
    {
        LayerConfig layer = Llama.Layer(file);
        return file.Model(layer with { Attention = layer.Attention with { Scale = file.Multiplier("attention_multiplier") } }) with
        {
            EmbeddingMultiplier = file.Multiplier("embedding_multiplier"),
            ResidualMultiplier = file.Multiplier("residual_multiplier"),
            LogitsDivisor = file.Multiplier("logits_scaling"),
        };
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, ModelConfig model)
    {
        base.Write(json, model);
        Llama.WriteBiases(json, model);
        json.WriteNumber("embedding_multiplier", model.EmbeddingMultiplier);
        json.WriteNumber("attention_multiplier", model.Layers[0].Attention.Scale);
        json.WriteNumber("residual_multiplier", model.ResidualMultiplier);
        json.WriteNumber("logits_scaling", model.LogitsDivisor);
    }
}
