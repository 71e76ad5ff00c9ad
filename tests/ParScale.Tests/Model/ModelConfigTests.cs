using System.Text;
using CsCheck;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Model;

public class ModelConfigTests
{
    private static readonly Gen<CheckpointConfig> GenConfig =
        from keyHeads in Gen.Int[1, 8]
        from perKey in Gen.Int[1, 8]
        from headSize in Gen.Int[1, 80].Select(half => 2 * half)
        from ownHead in Gen.Bool
        from sizes in Gen.Int[1, 1000].Array[5]
        from streams in Gen.Int[1, 64]
        from smooth in Gen.Double[0, 1]
        from theta in Gen.Double[1, 1e7]
        from tied in Gen.Bool
        from ids in Gen.Int[0, 9].Array[0, 3]
        select CheckpointConfig.Create(
            new ModelConfig
            {
                HiddenSize = ownHead ? sizes[0] : keyHeads * perKey * headSize,
                Layers = LayerConfig.Qwen2(sizes[2], headSize, sizes[1], theta),
                AttentionHeads = keyHeads * perKey,
                KeyValueHeads = keyHeads,
                HeadSize = headSize,
                VocabularySize = sizes[3] + 10,
                MaxPositions = sizes[4],
                RmsNormEpsilon = 1e-6,
                TieWordEmbeddings = tied,
                EndOfTextIds = [.. ids.Distinct()],
                BeginOfTextId = ids.Length == 0 ? null : ids[0],
            },
            streams == 1 ? StreamConfig.Plain : new StreamConfig(streams, sizes[4], smooth)) with
        {
            StoredType = tied ? "bfloat16" : null,
        };

    /// <summary>The four configurations of the reference checkpoints.</summary>
    public static TheoryData<int, int, int, int, int, int, int, bool, double> Golden() => new()
    {
        { 1, 64, 160, 2, 4, 2, 8, true, 0.1 },
        { 2, 64, 160, 2, 4, 2, 8, true, 0.1 },
        { 4, 96, 192, 3, 4, 1, 48, true, 0.1 },
        { 8, 64, 160, 2, 8, 2, 16, false, 0.05 },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void The_reference_configurations_are_read(
        int streams, int hidden, int inter, int layers, int heads, int keyHeads, int prefix, bool tied, double smooth)
    {
        CheckpointConfig config = TinyModel.Parse(string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""
            {
             "architectures": [
              "Qwen2ParScaleForCausalLM"
             ],
             "model_type": "qwen2_parscale",
             "hidden_size": {{hidden}},
             "intermediate_size": {{inter}},
             "num_hidden_layers": {{layers}},
             "num_attention_heads": {{heads}},
             "num_key_value_heads": {{keyHeads}},
             "vocab_size": 300,
             "rms_norm_eps": 1e-06,
             "rope_theta": 10000.0,
             "max_position_embeddings": 2048,
             "tie_word_embeddings": {{(tied ? "true" : "false")}},
             "hidden_act": "silu",
             "parscale_n": {{streams}},
             "parscale_n_tokens": {{prefix}},
             "parscale_attn_smooth": {{smooth}},
             "bos_token_id": 0,
             "eos_token_id": 0,
             "torch_dtype": "bfloat16",
             "use_sliding_window": false
            }
            """));
        Assert.Equal("Qwen2ParScaleForCausalLM", config.Architecture);
        Assert.Equal((hidden, inter, layers), (config.Model.HiddenSize, config.Model.IntermediateSize, config.Model.LayerCount));
        Assert.Equal((heads, keyHeads, hidden / heads), (config.Model.AttentionHeads, config.Model.KeyValueHeads, config.Model.HeadSize));
        Assert.Equal((300, 2048, tied), (config.Model.VocabularySize, config.Model.MaxPositions, config.Model.TieWordEmbeddings));
        Assert.Equal((1e-6, 10000.0, smooth), (config.Model.RmsNormEpsilon, config.Model.RopeTheta, config.Streams.Smoothing));
        Assert.Equal((streams, streams == 1 ? 0 : prefix), (config.Streams.Count, config.Streams.PrefixTokens));
        Assert.Equal((0, "bfloat16"), (config.Model.BeginOfTextId, config.StoredType));
        Assert.Equal([0], config.Model.EndOfTextIds);
        Assert.Empty(config.Notices);
    }

    [Fact]
    public void Absent_keys_take_the_published_defaults()
    {
        CheckpointConfig config = TinyModel.Parse("""
            {"model_type":"qwen2_parscale","hidden_size":8,"intermediate_size":12,"num_hidden_layers":1,"num_attention_heads":2,
             "num_key_value_heads":2,"vocab_size":10,"parscale_n":2,"head_dim":null,"rope_scaling":null,"bos_token_id":null}
            """);
        Assert.False(config.Model.TieWordEmbeddings);
        Assert.Equal((2, 4), (config.Model.KeyValueHeads, config.Model.HeadSize));
        Assert.Equal((48, 0.01), (config.Streams.PrefixTokens, config.Streams.Smoothing));
        Assert.Equal((1e-6, 10000.0, 32768), (config.Model.RmsNormEpsilon, config.Model.RopeTheta, config.Model.MaxPositions));
        Assert.Empty(config.Model.EndOfTextIds);
        Assert.Null(config.Model.BeginOfTextId);
        Assert.Null(config.StoredType);
    }

    [Fact]
    public void Plain_qwen2_is_one_stream_whatever_else_the_file_says()
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config(
            ("model_type", "qwen2"), ("parscale_n", "many"), ("parscale_attn_smooth", 7)));
        Assert.Equal((1, 0), (config.Streams.Count, config.Streams.PrefixTokens));
        Assert.Equal(0, ParameterCounts.Of(config).Streams);
        Assert.Equal("Qwen2ForCausalLM", config.Architecture);
    }

    [Theory]
    [InlineData("\"rope_theta\":1000000")]
    [InlineData("\"rope_parameters\":{\"rope_theta\":1e6,\"rope_type\":\"default\"}")]
    [InlineData("\"rope_theta\":1000000.0,\"rope_parameters\":{\"rope_theta\":1e6,\"rope_type\":\"default\"}")]
    [InlineData("\"rope_theta\":1e6,\"rope_scaling\":{\"type\":\"default\"}")]
    [InlineData("\"rope_theta\":1e6,\"rope_scaling\":{}")]
    [InlineData("\"rope_theta\":null,\"rope_parameters\":{\"rope_theta\":1e6}")]
    [InlineData("\"rope_theta\":1e6,\"rope_scaling\":{\"type\":\"default\",\"factor\":null,\"low_freq_factor\":null}")]
    [InlineData("\"rope_theta\":1e6,\"rope_scaling\":{\"type\":\"linear\",\"factor\":1.0}")]
    [InlineData("\"rope_theta\":1e6,\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":1}")]
    [InlineData("\"rope_theta\":1e6,\"rope_scaling\":{\"factor\":1.0}")]
    [InlineData("\"rope_theta\":1e6,\"rope_scaling\":{\"rope_type\":\"default\",\"partial_rotary_factor\":1.0}")]
    public void Rope_theta_is_found_where_each_version_keeps_it(string keys)
    {
        string config = TinyModel.Config();
        Assert.Equal(1e6, TinyModel.Parse($"{config[..^1]},{keys}}}").Model.RopeTheta);
    }

    [Theory]
    [InlineData("\"use_sliding_window\":true,\"sliding_window\":2048,\"max_window_layers\":2")]
    [InlineData("\"use_sliding_window\":true,\"sliding_window\":2048")]
    [InlineData("\"use_sliding_window\":true,\"sliding_window\":null,\"max_window_layers\":0")]
    [InlineData("\"use_sliding_window\":true,\"max_window_layers\":0")]
    [InlineData("\"use_sliding_window\":true,\"sliding_window\":131072,\"max_window_layers\":0")]
    [InlineData("\"use_sliding_window\":true,\"sliding_window\":64,\"max_window_layers\":0,\"layer_types\":[\"full_attention\",\"full_attention\"]")]
    [InlineData("\"use_sliding_window\":false,\"sliding_window\":131072,\"max_window_layers\":0")]
    [InlineData("\"use_sliding_window\":null,\"sliding_window\":4,\"max_window_layers\":null")]
    [InlineData("\"sliding_window\":4096,\"max_window_layers\":0")]
    public void A_window_that_no_layer_uses_is_none(string keys) => Assert.Empty(TinyModel.Parse($"{TinyModel.Config()[..^1]},{keys}}}").Notices);

    [Fact]
    public void Null_is_the_default()
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config(
            ("num_key_value_heads", null), ("head_dim", null), ("tie_word_embeddings", null), ("max_position_embeddings", null),
            ("rope_scaling", null), ("layer_types", null), ("torch_dtype", null), ("pad_token_id", null), ("attention_dropout", null)));
        Assert.Equal((2, 4, false, 32768), (config.Model.KeyValueHeads, config.Model.HeadSize, config.Model.TieWordEmbeddings, config.Model.MaxPositions));
    }

    [Theory]
    [InlineData("\"x_limit\":[0.0,Infinity]")]
    [InlineData("\"x\":NaN,\"y\":-Infinity,\"text\":\"NaN \\\" -Infinity \\\\\",\"z\":{\"w\":[NaN,-1,1e-6]}")]
    [InlineData("\"time_step_limit\":[0.0,{\"__float__\":\"Infinity\"}]")]
    public void Numbers_that_only_Python_writes_are_fine_where_they_mean_nothing(string keys)
    {
        string plain = TinyModel.Config(), text = $"{plain[..^1]},{keys}}}";
        Assert.Equal(TinyModel.Parse(plain).Model with { EndOfTextIds = [] }, TinyModel.Parse(text).Model with { EndOfTextIds = [] });
        Assert.Empty(TinyModel.Parse(text).Notices);
    }

    [Fact]
    public void A_byte_order_mark_is_skipped()
    {
        using var folder = new TempFolder();
        folder.Write("config.json", "\uFEFF" + TinyModel.Config());
        folder.Write("generation_config.json", "\uFEFF{\"eos_token_id\":3}");
        Assert.Equal([3], CheckpointConfig.Load(folder.Path).Model.EndOfTextIds);
    }

    [Theory]
    [InlineData("\"rope_scaling\":{\"rope_type\":\"default\",\"type\":\"default\",\"mrope_section\":[1,1]}", "mrope_section", 32768)]
    [InlineData("\"max_position_embeddings\":1000,\"dual_chunk_attention_config\":{\"chunk_size\":264,\"local_size\":8,\"original_max_position_embeddings\":264}", "dual_chunk", 256)]
    [InlineData("\"max_position_embeddings\":1000,\"dual_chunk_attention_config\":{\"chunk_size\":264,\"local_size\":8,\"original_max_position_embeddings\":128,\"sparse_attention_enabled\":false}", "128", 128)]
    public void What_changes_no_text_that_is_taken_gives_a_notice(string keys, string named, int positions)
    {
        CheckpointConfig config = TinyModel.Parse($"{TinyModel.Config()[..^1]},{keys}}}");
        Assert.Contains(named, Assert.Single(config.Notices), StringComparison.Ordinal);
        Assert.StartsWith("config.json: ", config.Notices[0], StringComparison.Ordinal);
        Assert.Equal(positions, config.Model.MaxPositions);
    }

    [Theory]
    [InlineData("\"dtype\":\"bfloat16\",\"torch_dtype\":\"bfloat16\"", "bfloat16")]
    [InlineData("\"dtype\":\"bfloat16\",\"torch_dtype\":\"torch.bfloat16\"", "bfloat16")]
    [InlineData("\"dtype\":null,\"torch_dtype\":\"float16\"", "float16")]
    public void Both_names_of_the_type_may_say_the_same(string keys, string type) =>
        Assert.Equal(type, TinyModel.Parse($"{TinyModel.Config()[..^1]},{keys}}}").StoredType);

    [Fact]
    public void Layer_types_of_full_attention_and_dtype_are_accepted()
    {
        string config = TinyModel.Config();
        CheckpointConfig read = TinyModel.Parse(
            $"{config[..^1]},\"layer_types\":[\"full_attention\",\"full_attention\"],\"dtype\":\"float32\"}}");
        Assert.Equal("float32", read.StoredType);
        Assert.Empty(read.Notices);
    }

    [Theory]
    [InlineData("auto_map", "never loaded")]
    [InlineData("_attn_implementation_internal", "never loaded")]
    [InlineData("parscale_attn_smoth", "parscale_attn_smooth")]
    [InlineData("num_hiden_layer", "num_hidden_layers")]
    public void CF12_suspicious_keys_are_ignored_with_a_notice(string key, string notice)
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config((key, "remote--code.Class")));
        string line = Assert.Single(config.Notices);
        Assert.Contains(key, line, StringComparison.Ordinal);
        Assert.Contains(notice, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Ordinary_unknown_keys_are_ignored_in_silence()
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config(
            ("transformers_version", "4.46.2"), ("use_cache", true), ("zzz_unrelated", 1)));
        Assert.Empty(config.Notices);
    }

    [Theory]
    [InlineData("{\"eos_token_id\":[3,4,3]}", new[] { 3, 4 })]
    [InlineData("{\"eos_token_id\":5}", new[] { 5 })]
    [InlineData("{\"eos_token_id\":null}", new[] { 1, 2 })]
    [InlineData("{\"temperature\":0.7}", new[] { 1, 2 })]
    [InlineData(null, new[] { 1, 2 })]
    public void End_of_text_comes_from_the_generation_config_first(string? generation, int[] expected)
    {
        using var folder = new TempFolder();
        folder.Write("config.json", TinyModel.Config()[..^1] + ",\"eos_token_id\":[1,2]}");
        if (generation is not null) folder.Write("generation_config.json", generation);
        Assert.Equal(expected, CheckpointConfig.Load(folder.Path).Model.EndOfTextIds);
    }

    [Fact]
    public void Written_configs_are_read_back_the_same() => GenConfig.Sample(config =>
    {
        string json = config.ToJson();
        CheckpointConfig read = CheckpointConfig.Parse(Encoding.UTF8.GetBytes(json), "config.json");
        Assert.Empty(read.Notices);
        Assert.Equal(config.Model.EndOfTextIds, read.Model.EndOfTextIds);
        Assert.Equal(config, read with { Model = read.Model with { EndOfTextIds = config.Model.EndOfTextIds }, Notices = config.Notices });
        Assert.Equal(json, read.ToJson());
    });

    [Fact]
    public void Plain_qwen2_is_written_without_stream_keys()
    {
        CheckpointConfig config = TinyModel.Parse(TinyModel.Config(("model_type", "qwen2")));
        Assert.DoesNotContain("parscale", config.ToJson(), StringComparison.Ordinal);
    }
}
