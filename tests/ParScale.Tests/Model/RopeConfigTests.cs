using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Model;

/// <summary>CF-09: only unscaled RoPE over the whole head of every layer is computed; whatever asks for another one is named.</summary>
public class RopeConfigTests
{
    /// <summary>Code, key, JSON of its value, and what else the message must hold.</summary>
    public static TheoryData<string, string, string, string> Refused() => new()
    {
        { "CF-04", "rope_theta", "\"NaN\"", "\"NaN\"" },
        { "CF-09", "rope_theta", "0", "above 0" },
        { "CF-09", "rope_theta", "-10000", "above 0" },
        { "CF-09", "rope_theta", "1e999", "above 0" },
        { "CF-09", "rope_scaling", "{\"type\":\"yarn\",\"factor\":4.0}", "\"yarn\"" },
        { "CF-09", "rope_scaling", "{\"rope_type\":\"linear\"}", "\"linear\"" },
        { "CF-09", "rope_scaling", "\"yarn\"", "object" },
        { "CF-09", "rope_parameters", "{\"rope_type\":\"llama3\"}", "\"llama3\"" },
        { "CF-09", "rope_theta", "1,\"rope_parameters\":{\"rope_theta\":2}", "rope_parameters" },
        { "CF-09", "rope_scaling", "{\"rope_theta\":2},\"rope_parameters\":{\"rope_theta\":1}", "rope_theta" },
        { "CF-09", "rope_parameters", "{\"full_attention\":{\"rope_type\":\"default\",\"rope_theta\":1e6}}", "rope_parameters.full_attention" },
        { "CF-09", "rope_parameters", "{\"rope_type\":\"default\",\"sliding_attention\":{\"rope_theta\":1e6}}", "rope_parameters.sliding_attention" },
        { "CF-09", "rope_parameters", "[{\"rope_theta\":1e6}]", "a list" },
        { "CF-09", "rope_scaling", "{\"factor\":4.0}", "rope_scaling.factor" },
        { "CF-09", "rope_scaling", "{\"type\":\"default\",\"factor\":2}", "rope_scaling.factor" },
        { "CF-09", "rope_scaling", "{\"type\":\"linear\",\"factor\":2}", "rope_scaling.type is \"linear\"" },
        { "CF-09", "rope_scaling", "{\"type\":\"longrope\",\"factor\":1}", "rope_scaling.type is \"longrope\"" },
        { "CF-09", "rope_scaling", "{\"type\":\"yarn\",\"factor\":1,\"attention_factor\":2}", "rope_scaling.attention_factor" },
        { "CF-09", "rope_scaling", "{\"factor\":NaN}", "rope_scaling.factor is NaN" },
        { "CF-09", "rope_scaling", "{\"original_max_position_embeddings\":32768}", "rope_scaling.original_max_position_embeddings" },
        { "CF-09", "rope_scaling", "{\"type\":\"mrope\",\"mrope_section\":[1,1]}", "\"mrope\"" },
        { "CF-09", "rope_scaling", "{\"rope_type\":\"default\",\"type\":\"yarn\"}", "rope_scaling.type" },
        { "CF-09", "rope_scaling", "{\"short_factor\":[1,2]}", "rope_scaling.short_factor" },
        { "CF-09", "rope_parameters", "{\"rope_theta\":1e6,\"partial_rotary_factor\":0.5}", "rope_parameters.partial_rotary_factor" },
        { "CF-04", "rope_theta", "null", "a number" },
        { "CF-09", "rope_theta", "NaN", "rope_theta is NaN" },
        { "CF-09", "rope_theta", "Infinity", "rope_theta is Infinity" },
        { "CF-09", "rope_theta", "{\"__float__\":\"Infinity\"}", "rope_theta is Infinity" },
        { "CF-09", "partial_rotary_factor", "0.5", "0.5" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Another_rotation_is_refused_by_key(string code, string key, string value, string named)
    {
        string text = ModelConfigBadInputTests.With(key, value);
        BadInput.Expect(ErrorKind.BadInput, code, () => TinyModel.Parse(text), 1 << 20, "config.json", key, named);
    }
}
