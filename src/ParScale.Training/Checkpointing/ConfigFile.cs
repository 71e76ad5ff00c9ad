using System.Text;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Files;

namespace ParScale.Training.Checkpointing;

/// <summary>Rewrites a model's own <c>config.json</c>, so that its keys and those that this program does not know stay what they were.</summary>
internal static class ConfigFile
{
    /// <summary>The name of the file.</summary>
    public const string Name = "config.json";

    private const string Type = "torch_dtype";

    // What the config of the new model says in its own way, or what would point to the code or the weights of another one.
    private static readonly HashSet<string> Replaced = new(StringComparer.Ordinal)
    {
        "model_type", "architectures", "auto_map", "parscale_n", "parscale_n_tokens", "parscale_attn_smooth", "parscale_elastic", "parscale_backbone",
    };

    /// <summary>
    /// The <c>config.json</c> in <paramref name="folder"/> with the model's kind, its streams and the type of its weights taken from
    /// <paramref name="config"/>, which describes the same plain model.
    /// </summary>
    public static string Rewrite(string folder, CheckpointConfig config)
    {
        byte[] old = InputFile.Read(Path.Combine(folder, Name), CheckpointLimits.ConfigBytes, "CF-01", "CF-02");
        using JsonDocument source = ConfigObject.Parse(old, Name);
        using JsonDocument wanted = JsonDocument.Parse(config.ToJson());
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            foreach (JsonProperty property in wanted.RootElement.EnumerateObject().Where(p => Replaced.Contains(p.Name))) property.WriteTo(json);
            bool named = false;
            foreach (JsonProperty property in source.RootElement.EnumerateObject().Where(p => !Replaced.Contains(p.Name)))
            {
                bool type = property.Name is Type or "dtype" && config.StoredType is not null;
                named |= type;
                if (type) json.WriteString(property.Name, config.StoredType);
                else property.WriteTo(json);
            }
            if (!named && config.StoredType is not null) json.WriteString(Type, config.StoredType);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }
}
