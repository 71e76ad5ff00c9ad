using System.Text;
using System.Text.Json;
using ParScale.Configuration.Families;
using ParScale.Configuration.Rotations;

namespace ParScale.Configuration;

/// <summary>Writes a <see cref="CheckpointConfig"/> as <c>config.json</c>.</summary>
internal static class ConfigWriter
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, NewLine = "\n" };

    /// <summary>The text of the file.</summary>
    public static string Write(CheckpointConfig config)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue(config.Architecture);
            json.WriteEndArray();
            json.WriteString("model_type", config.ModelType);
            WriteShape(json, config.Model, FamilyList.OfPlain(config.Model.Family));
            WriteStreams(json, config);
            WriteTokens(json, config.Model);
            if (config.StoredType is not null) json.WriteString("torch_dtype", config.StoredType);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteShape(Utf8JsonWriter json, ModelConfig model, Family family)
    {
        json.WriteNumber("hidden_size", model.HiddenSize);
        json.WriteNumber("intermediate_size", model.IntermediateSize);
        json.WriteNumber("num_hidden_layers", model.LayerCount);
        json.WriteNumber("num_attention_heads", model.AttentionHeads);
        json.WriteNumber("num_key_value_heads", model.KeyValueHeads);
        bool usual = (long)model.HeadSize * model.AttentionHeads == model.HiddenSize && family.Defaults.HeadSize is null;
        if (!usual) json.WriteNumber("head_dim", model.HeadSize);
        json.WriteNumber("vocab_size", model.VocabularySize);
        json.WriteNumber("max_position_embeddings", Positions(model));
        json.WriteNumber("rms_norm_eps", model.RmsNormEpsilon);
        json.WriteBoolean("tie_word_embeddings", model.TieWordEmbeddings);
        family.Write(json, model);
    }

    // A rotation that grows with the text starts from the number that the key holds.
    private static int Positions(ModelConfig model) =>
        model.Rotations.OfType<DynamicRotation>().FirstOrDefault() is { } dynamic ? dynamic.TrainedPositions : model.MaxPositions;

    private static void WriteStreams(Utf8JsonWriter json, CheckpointConfig config)
    {
        if (config.ModelType == config.Model.Family) return;
        json.WriteNumber("parscale_n", config.Streams.Count);
        json.WriteNumber("parscale_n_tokens", config.Streams.PrefixTokens);
        json.WriteNumber("parscale_attn_smooth", config.Streams.Smoothing);
        if (config.Streams.Elastic.Count > 0)
        {
            json.WriteStartArray("parscale_elastic");
            foreach (int count in config.Streams.Elastic) json.WriteNumberValue(count);
            json.WriteEndArray();
        }
        if (config.Backbone is not { } backbone) return;
        json.WriteStartObject("parscale_backbone");
        json.WriteString("path", backbone.Path);
        backbone.Hash.Write(json);
        json.WriteEndObject();
    }

    private static void WriteTokens(Utf8JsonWriter json, ModelConfig model)
    {
        if (model.BeginOfTextId is { } begin) json.WriteNumber("bos_token_id", begin);
        if (model.EndOfTextIds.Count == 1) json.WriteNumber("eos_token_id", model.EndOfTextIds[0]);
        if (model.EndOfTextIds.Count <= 1) return;
        json.WriteStartArray("eos_token_id");
        foreach (int id in model.EndOfTextIds) json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
