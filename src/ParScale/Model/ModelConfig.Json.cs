using System.Text;
using System.Text.Json;

namespace ParScale.Model;

public sealed partial record ModelConfig
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <summary>A <c>config.json</c> that this library and Transformers read back as the same model.</summary>
    public string ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue(Architecture);
            json.WriteEndArray();
            json.WriteString("model_type", ModelType);
            WriteShape(json);
            WriteParScale(json);
            WriteTokens(json);
            if (StoredType is not null) json.WriteString("torch_dtype", StoredType);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private void WriteShape(Utf8JsonWriter json)
    {
        json.WriteNumber("hidden_size", HiddenSize);
        json.WriteNumber("intermediate_size", IntermediateSize);
        json.WriteNumber("num_hidden_layers", LayerCount);
        json.WriteNumber("num_attention_heads", AttentionHeads);
        json.WriteNumber("num_key_value_heads", KeyValueHeads);
        if ((long)HeadSize * AttentionHeads != HiddenSize) json.WriteNumber("head_dim", HeadSize);
        json.WriteNumber("vocab_size", VocabularySize);
        json.WriteNumber("max_position_embeddings", MaxPositions);
        json.WriteNumber("rms_norm_eps", RmsNormEpsilon);
        json.WriteNumber("rope_theta", RopeTheta);
        json.WriteBoolean("tie_word_embeddings", TieWordEmbeddings);
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("use_sliding_window", false);
    }

    private void WriteParScale(Utf8JsonWriter json)
    {
        if (ModelType != ModelConfigReader.ParScaleType) return;
        json.WriteNumber("parscale_n", Streams);
        json.WriteNumber("parscale_n_tokens", PrefixTokens);
        json.WriteNumber("parscale_attn_smooth", AttentionSmoothing);
        if (Backbone is null) return;
        json.WriteStartObject("parscale_backbone");
        json.WriteString("path", Backbone.Path);
        json.WriteString("xxh128", Backbone.Hash);
        json.WriteEndObject();
    }

    private void WriteTokens(Utf8JsonWriter json)
    {
        if (BeginOfTextId is { } begin) json.WriteNumber("bos_token_id", begin);
        if (EndOfTextIds.Count == 1) json.WriteNumber("eos_token_id", EndOfTextIds[0]);
        if (EndOfTextIds.Count <= 1) return;
        json.WriteStartArray("eos_token_id");
        foreach (int id in EndOfTextIds) json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
