using System.Text;
using System.Text.Json.Nodes;
using ParScale.Configuration;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Model;

/// <summary>The rows CF-01 to CF-14: each names the file, the key, the value and what is allowed.</summary>
public class ModelConfigBadInputTests
{
    private const string Name = "config.json";

    /// <summary>Code, key, JSON of its value, and what else the message must hold.</summary>
    public static TheoryData<string, string, string, string> BadValues() => new()
    {
        { "CF-04", "hidden_size", "\"2048\"", "\"2048\"" },
        { "CF-04", "hidden_size", "2048.5", "2048.5" },
        { "CF-04", "hidden_size", "8.5e-1", "8.5e-1" },
        { "CF-04", "num_key_value_heads", "true", "1 to 1024" },
        { "CF-06", "hidden_size", "1e999", "1 to" },
        { "CF-08", "architectures", "[\"LlamaForCausalLM\"]", "Qwen2ForCausalLM" },
        { "CF-08", "architectures", "[\"Qwen2ForSequenceClassification\"]", "\"Qwen2ForSequenceClassification\"" },
        { "CF-13", "eos_token_id", "1180591620717411303424", "0 to 9" },
        { "CF-04", "hidden_size", "null", "whole number" },
        { "CF-04", "hidden_size", "true", "true" },
        { "CF-04", "hidden_size", "[8]", "a list" },
        { "CF-04", "rms_norm_eps", "\"1e-6\"", "number" },
        { "CF-04", "tie_word_embeddings", "1", "true or false" },
        { "CF-04", "parscale_n", "\"2\"", "64" },
        { "CF-04", "architectures", "[3]", "class names" },
        { "CF-04", "torch_dtype", "16", "text" },
        { "CF-05", "num_attention_heads", "0", "1 to 1024" },
        { "CF-05", "hidden_size", "-1", "-1" },
        { "CF-05", "num_hidden_layers", "0", "1 to 1024" },
        { "CF-05", "vocab_size", "0", "2000000" },
        { "CF-05", "intermediate_size", "-5", "1 to" },
        { "CF-05", "head_dim", "0", "1 to" },
        { "CF-05", "max_position_embeddings", "0", "1 to" },
        { "CF-06", "num_hidden_layers", "2147483647", "1 to 1024" },
        { "CF-06", "num_hidden_layers", "1025", "1 to 1024" },
        { "CF-06", "num_attention_heads", "1025", "1 to 1024" },
        { "CF-06", "vocab_size", "2147483648", "2000000" },
        { "CF-06", "vocab_size", "2000001", "2000000" },
        { "CF-06", "vocab_size", "99999999999999999999999", "2000000" },
        { "CF-07", "hidden_size", "9", "multiple" },
        { "CF-07", "hidden_size", "6", "even" },
        { "CF-07", "head_dim", "5", "even" },
        { "CF-07", "num_key_value_heads", "3", "divisor" },
        { "CF-08", "model_type", "\"lama\"", "supported are llama, mistral, qwen2, qwen3, gemma2, gemma3_text, phi3, olmo2, granite, smollm3, qwen3_moe, qwen2_moe, mixtral, olmoe, each also with _parscale or _parscale_anchored, the nearest is llama" },
        { "CF-08", "model_type", "\"mamba2_with_a_long_name\"", "each also with _parscale" },
        { "CF-08", "hidden_act", "\"gelu\"", "silu" },
        { "CF-08", "sliding_window", "0,\"use_sliding_window\":true,\"max_window_layers\":1", "from 1" },
        { "CF-08", "layer_types", "[\"full_attention\"]", "layer_types has 1 entries; expected a list of 2 (num_hidden_layers)" },
        { "CF-08", "mlp_bias", "true", "models of type qwen2 are computed without it" },
        { "CF-08", "attn_logit_softcapping", "30.0", "models of type qwen2 are computed without it" },
        { "CF-08", "num_experts", "8", "models of type qwen2 are computed without it" },
        { "CF-08", "logits_scaling", "2", "models of type qwen2 are computed without it" },
        { "CF-08", "no_rope_layers", "[1,0]", "models of type qwen2 are computed without it" },
        { "CF-04", "use_sliding_window", "\"no\"", "true or false" },
        { "CF-04", "max_window_layers", "null,\"use_sliding_window\":true,\"sliding_window\":4096", "whole number" },
        { "CF-08", "layer_types", "[\"full_attention\",\"linear_attention\"]", "layer_types[1]" },
        { "CF-08", "dual_chunk_attention_config", "{\"chunk_size\":64,\"local_size\":8,\"sparse_attention_config\":{}}", "sparse_attention_config" },
        { "CF-08", "dual_chunk_attention_config", "{\"chunk_size\":64,\"local_size\":8,\"sparse_attention_enabled\":true}", "sparse_attention_enabled" },
        { "CF-08", "dual_chunk_attention_config", "{\"chunk_size\":64,\"local_size\":64}", "local_size" },
        { "CF-08", "dual_chunk_attention_config", "true", "object" },
        { "CF-08", "layer_types", "[\"full_attention\",\"sliding_attention\"]", "full_attention" },
        { "CF-08", "layer_types", "3", "full_attention" },
        { "CF-08", "enable_cross_attn", "true", "false" },
        { "CF-10", "rms_norm_eps", "NaN", "rms_norm_eps is NaN" },
        { "CF-11", "parscale_attn_smooth", "-Infinity", "-Infinity" },
        { "CF-04", "num_hidden_layers", "Infinity", "num_hidden_layers is Infinity" },
        { "CF-04", "eos_token_id", "NaN", "eos_token_id is NaN" },
        { "CF-04", "tie_word_embeddings", "NaN", "tie_word_embeddings is NaN" },
        { "CF-15", "dtype", "\"bfloat16\",\"torch_dtype\":\"float16\"", "torch_dtype" },
        { "CF-10", "rms_norm_eps", "0", "above 0" },
        { "CF-10", "rms_norm_eps", "-1e-6", "above 0" },
        { "CF-11", "parscale_n", "0", "1 to 64" },
        { "CF-11", "parscale_n", "-1", "1 to 64" },
        { "CF-11", "parscale_n", "65", "1 to 64" },
        { "CF-11", "parscale_n_tokens", "0", "1 to 4096" },
        { "CF-11", "parscale_n_tokens", "4097", "1 to 4096" },
        { "CF-11", "parscale_attn_smooth", "-0.01", "0 to 1" },
        { "CF-11", "parscale_attn_smooth", "1.01", "0 to 1" },
        { "CF-13", "eos_token_id", "10", "0 to 9" },
        { "CF-13", "eos_token_id", "[1,10]", "0 to 9" },
        { "CF-13", "bos_token_id", "-1", "0 to 9" },
        { "CF-13", "bos_token_id", "10", "0 to 9" },
        { "CF-13", "pad_token_id", "10", "-1 to 9" },
        { "CF-13", "pad_token_id", "-2", "-1 to 9" },
        { "CF-04", "pad_token_id", "\"0\"", "-1 to 9" },
        { "CF-14", "quantization_config", "{\"quant_method\":\"gptq\"}", "quantization_config.quant_method is \"gptq\"; expected no quantization_config (f32" },
        { "CF-14", "quantization_config", "{\"load_in_4bit\":true}", "an object" },
        { "CF-08", "is_causal", "false", "only true" },
        { "CF-08", "use_bidirectional_attention", "true", "only false" },
    };

    [Theory]
    [MemberData(nameof(BadValues))]
    public void A_bad_value_is_refused_by_key(string code, string key, string value, string named)
    {
        string text = With(key, value);
        BadInput.Expect(ErrorKind.BadInput, code, () => TinyModel.Parse(text), 1 << 20, Name, key, named);
    }

    [Theory]
    [InlineData("num_hidden_layers", "1024")]
    [InlineData("vocab_size", "2000000")]
    [InlineData("parscale_n", "64")]
    [InlineData("parscale_n_tokens", "4096")]
    [InlineData("pad_token_id", "-1")]
    [InlineData("pad_token_id", "9")]
    [InlineData("hidden_size", "8.0")]
    [InlineData("num_key_value_heads", "1.0")]
    [InlineData("max_position_embeddings", "3.2768e4")]
    [InlineData("architectures", "[\"Qwen2ForCausalLM\"]")]
    [InlineData("architectures", "[]")]
    [InlineData("hidden_act", "\"swish\"")]
    [InlineData("is_causal", "true")]
    [InlineData("architectures", "null")]
    [InlineData("parscale_attn_smooth", "0")]
    [InlineData("parscale_attn_smooth", "1")]
    public void Values_at_their_limits_are_accepted(string key, string value) => TinyModel.Parse(With(key, value));

    [Theory]
    [InlineData("model_type")]
    [InlineData("hidden_size")]
    [InlineData("intermediate_size")]
    [InlineData("num_hidden_layers")]
    [InlineData("num_attention_heads")]
    [InlineData("num_key_value_heads")]
    [InlineData("vocab_size")]
    [InlineData("parscale_n")]
    public void CF03_a_missing_key_is_named(string key)
    {
        JsonObject json = JsonNode.Parse(TinyModel.Config())?.AsObject() ?? [];
        Assert.True(json.Remove(key));
        string text = json.ToJsonString();
        BadInput.Expect("CF-03", () => TinyModel.Parse(text), Name, key);
    }

    [Theory]
    [InlineData("CF-01", "", "")]
    [InlineData("CF-01", "[]", "object")]
    [InlineData("CF-01", "{\"model_type\":\"qwen2\",\"hidden_size\":", "hidden_size")]
    [InlineData("CF-01", "{\"model_type\":\"qwen2\",\n\"rope_theta\":nan}", "line 2, at or after key \"rope_theta\"")]
    [InlineData("CF-01", "{\"a\":Infinity,\n\"b\":+Infinity}", "line 2, at or after key \"b\"")]
    [InlineData("CF-01", "{\"a\":NaNa}", "not valid JSON")]
    [InlineData("CF-01", "{Infinity:1}", "not valid JSON")]
    [InlineData("CF-01", "{\"hidden_size\":1,\"hidden_size\":2}", "\"hidden_size\" appears twice")]
    [InlineData("CF-01", "{\"a\":1,\"\\u0061\":2}", "appears twice")]
    [InlineData("CF-01", "{\"\\ud800\":1,\"\\ud800\":2}", "")]
    [InlineData("CF-01", "{} {}", "JSON")]
    public void CF01_what_is_not_strict_json_is_refused(string code, string text, string named) =>
        BadInput.Expect(code, () => TinyModel.Parse(text), Name, named);

    [Fact]
    public void CF01_invalid_utf8_is_refused() =>
        BadInput.Expect("CF-01", () => CheckpointConfig.Parse([(byte)'{', 0xff, (byte)'}'], Name), Name, "UTF-8");

    [Theory]
    [InlineData(new byte[] { 0xff, 0xfe, (byte)'{', 0, (byte)'}', 0 })]
    [InlineData(new byte[] { 0xfe, 0xff, 0, (byte)'{', 0, (byte)'}' })]
    public void CF01_another_encoding_is_named(byte[] text) =>
        BadInput.Expect("CF-01", () => CheckpointConfig.Parse(text, Name), Name, "UTF-16");

    [Fact]
    public void CF01_a_missing_an_empty_and_a_cut_file_are_refused()
    {
        using var folder = new TempFolder();
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), Name);
        folder.Write(Name, "");
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), Name);
        string whole = TinyModel.Config();
        folder.Write(Name, whole[..(whole.Length / 2)]);
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), Name);
    }

    [Fact]
    public void CF01_a_folder_and_a_link_to_itself_are_refused()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File(Name));
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), Name, "folder");
        Directory.Delete(folder.File(Name));
        File.CreateSymbolicLink(folder.File(Name), folder.File(Name));
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), Name, "link");
    }

    [Fact]
    public void CF01_a_bad_generation_config_is_named()
    {
        using var folder = new TempFolder();
        folder.Write(Name, TinyModel.Config());
        folder.Write("generation_config.json", "{");
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), "generation_config.json");
        folder.Write("generation_config.json", "{\"eos_token_id\":[10]}");
        BadInput.Expect("CF-13", () => CheckpointConfig.Load(folder.Path), "generation_config.json", "eos_token_id");
        folder.Write("generation_config.json", "{\"pad_token_id\":10}");
        BadInput.Expect("CF-13", () => CheckpointConfig.Load(folder.Path), "generation_config.json", "pad_token_id");
    }

    [Fact]
    public void CF02_a_file_of_200_megabytes_is_refused_unread()
    {
        using var folder = new TempFolder();
        using (FileStream file = File.Create(folder.File(Name))) file.SetLength(200_000_000);
        BadInput.Expect(ErrorKind.BadInput, "CF-02", () => CheckpointConfig.Load(folder.Path), 1 << 20, Name, "200000000");
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":")]
    public void CF02_deep_nesting_is_refused(string level)
    {
        string text = "{\"x\":" + string.Concat(Enumerable.Repeat(level, 10_000));
        BadInput.Expect("CF-02", () => TinyModel.Parse(text), Name, "nested deeper than 64 levels");
    }

    [Theory]
    [InlineData(62, null)]
    [InlineData(63, "CF-02")]
    public void Only_what_is_too_deep_is_called_so(int lists, string? code)
    {
        string nested = new string('[', lists) + new string(']', lists);
        string text = $"{TinyModel.Config()[..^1]},\"x\":[{nested}]}}";
        if (code is null) TinyModel.Parse(text);
        else BadInput.Expect(code, () => TinyModel.Parse(text), "nested deeper");
        // A fault of the text on a deep level is one of the text.
        BadInput.Expect("CF-01", () => TinyModel.Parse($"{{\"x\":{new string('[', 63)}nope"), "not valid JSON");
    }

    [Fact]
    public void A_link_to_nothing_is_not_called_missing()
    {
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File(Name), "gone.json");
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), Name, "link");
        File.Delete(folder.File(Name));
        folder.Write(Name, TinyModel.Config());
        File.CreateSymbolicLink(folder.File("generation_config.json"), "gone.json");
        BadInput.Expect("CF-01", () => CheckpointConfig.Load(folder.Path), "generation_config.json", "link");
        Directory.CreateSymbolicLink(folder.File("model"), "gone");
        BadInput.Expect("CL-03", () => CheckpointConfig.Load(folder.File("model")), "link");
    }

    [Fact]
    public void CL03_a_folder_that_is_missing_or_a_file_is_refused()
    {
        using var folder = new TempFolder();
        BadInput.Expect("CL-03", () => CheckpointConfig.Load(folder.File("none")), "none", "is not there");
        BadInput.Expect("CL-03", () => CheckpointConfig.Load(folder.Write("model.gguf", "x")), "model.gguf", "is a file");
    }

    [Fact]
    public void Damaged_configs_never_crash()
    {
        string config = TinyModel.Config(("rope_scaling", null), ("eos_token_id", 3), ("architectures", new JsonArray("Qwen2ForCausalLM")));
        byte[] good = Encoding.UTF8.GetBytes(config);
        ReadOnlySpan<byte> likely = "{}[]\":,-.0123456789eE\\un \0\u00ff"u8;
        var random = new Random(14);
        for (int i = 0; i < 5000; i++)
        {
            byte[] bytes = [.. good];
            for (int edits = random.Next(1, 4); edits > 0; edits--) bytes[random.Next(bytes.Length)] = likely[random.Next(likely.Length)];
            try
            {
                CheckpointConfig.Parse(bytes, Name);
            }
            catch (ParScaleException e)
            {
                Assert.DoesNotContain(e.Message, char.IsControl);
            }
        }
    }

    internal static string With(string key, string value)
    {
        JsonObject json = JsonNode.Parse(TinyModel.Config())?.AsObject() ?? [];
        json.Remove(key);
        return $"{json.ToJsonString()[..^1]},\"{key}\":{value}}}";
    }
}
