using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Model;

/// <summary>CF-09: a rotation that is not computed as the file asks is refused, and named.</summary>
public class RopeConfigTests
{
    /// <summary>Code, key, JSON of its value, and what else the message must hold.</summary>
    public static TheoryData<string, string, string, string> Refused() => new()
    {
        { "CF-04", "rope_theta", "\"NaN\"", "\"NaN\"" },
        { "CF-09", "rope_theta", "0", "above 0" },
        { "CF-09", "rope_theta", "-10000", "above 0" },
        { "CF-09", "rope_theta", "1e999", "above 0" },
        { "CF-09", "rope_scaling", "{\"rope_type\":\"linear\"}", "rope_scaling.factor is missing" },
        { "CF-09", "rope_scaling", "{\"rope_type\":\"dynamic\"}", "rope_scaling.factor is missing" },
        { "CF-09", "rope_scaling", "{\"type\":\"yarn\",\"factor\":0.5}", "rope_scaling.factor is 0.5" },
        { "CF-09", "rope_scaling", "{\"type\":\"yarn\",\"factor\":4,\"finetuned\":true}", "rope_scaling.finetuned" },
        { "CF-09", "rope_scaling", "{\"type\":\"linear\",\"factor\":2,\"beta_fast\":2}", "rope_scaling.beta_fast" },
        { "CF-09", "rope_scaling", "{\"type\":\"llama3\",\"factor\":8,\"low_freq_factor\":4,\"high_freq_factor\":4}", "rope_scaling.high_freq_factor is 4; expected a number above low_freq_factor 4" },
        { "CF-09", "rope_scaling", "{\"type\":\"longrope\",\"short_factor\":[1,1],\"long_factor\":[1]}", "rope_scaling.long_factor is a list; expected a list of 2" },
        { "CF-09", "rope_scaling", "{\"type\":\"longrope\",\"short_factor\":[1,0],\"long_factor\":[1,1]}", "rope_scaling.short_factor is 0" },
        { "CF-09", "rope_scaling", "{\"type\":\"longrope\",\"short_factor\":[1,1],\"long_factor\":[1,1],\"short_mscale\":1.2}", "rope_scaling.short_mscale" },
        { "CF-09", "rope_scaling", "{\"type\":\"su\",\"short_factor\":[1,1],\"long_factor\":[1,1]}", "\"su\"" },
        { "CF-09", "rope_scaling", "\"yarn\"", "object" },
        { "CF-09", "rope_parameters", "{\"rope_type\":\"llama3\"}", "rope_parameters.low_freq_factor is missing" },
        { "CF-09", "rope_theta", "1,\"rope_parameters\":{\"rope_theta\":2}", "rope_parameters" },
        { "CF-09", "rope_scaling", "{\"rope_theta\":2},\"rope_parameters\":{\"rope_theta\":1}", "different rotations" },
        { "CF-09", "rope_parameters", "{\"full_attention\":{\"rope_type\":\"default\",\"rope_theta\":1e6}}", "rope_parameters.full_attention" },
        { "CF-09", "rope_parameters", "{\"rope_type\":\"default\",\"sliding_attention\":{\"rope_theta\":1e6}}", "rope_parameters.sliding_attention" },
        { "CF-09", "rope_parameters", "[{\"rope_theta\":1e6}]", "a list" },
        { "CF-09", "rope_scaling", "{\"factor\":4.0}", "rope_scaling.factor" },
        { "CF-09", "rope_scaling", "{\"type\":\"default\",\"factor\":2}", "rope_scaling.factor" },
        { "CF-09", "rope_scaling", "{\"type\":\"longrope\",\"factor\":1}", "rope_scaling.short_factor is missing" },
        { "CF-09", "rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"attention_factor\":0}", "rope_scaling.attention_factor" },
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
