using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

/// <summary>What <c>inspect</c> says of folders that cannot be loaded, and that everything else refuses them with the same code.</summary>
public sealed class InspectReportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>A family of <see cref="FamilyConfigs"/>, what is done to its files, the code and what the line must hold.</summary>
    public static TheoryData<string, string, string, string> BadModels => new()
    {
        { "llama", "model_type=\"lama\"", "CF-08", "model_type is \"lama\"; supported are llama, mistral" },
        { "llama", "model_type=\"lama\"", "CF-08", "the nearest is llama" },
        { "llama", "model_type=\"deepseek_v3\"", "CF-08", "olmoe, each also with _parscale" },
        { "llama", "attn_logit_softcapping=50.0", "CF-08", "attn_logit_softcapping is 50.0; expected no such key" },
        { "mistral", "clip_qkv=8", "CF-08", "clip_qkv is 8; expected no such key" },
        { "llama", "rope_scaling={\"rope_type\":\"llama3\",\"factor\":2,\"wave\":1}", "CF-09", "rope_scaling.wave is not supported" },
        { "llama", "rope_scaling={\"rope_type\":\"spiral\"}", "CF-09", "rope_scaling.rope_type is \"spiral\"; expected one of default" },
        { "olmoe", "num_experts_per_tok=10", "CF-08", "at most the number of experts, which is 9" },
        { "mistral", "sliding_window=0", "CF-08", "sliding_window is 0" },
        { "gemma2", "layer_types=[\"full_attention\"]", "CF-08", "layer_types has 1 entries; expected a list of 3" },
        { "qwen3", "-model.layers.1.self_attn.q_norm.weight", "ST-28", "q_norm.weight\": expected shape [" },
        { "olmo2", "-model.layers.0.self_attn.k_norm.weight", "ST-28", "k_norm.weight\": expected shape [" },
        { "phi3", "~model.layers.0.self_attn.qkv_proj.weight", "ST-28", "qkv_proj.weight\": expected shape [" },
        { "phi3", "~model.layers.2.mlp.gate_up_proj.weight", "ST-28", "gate_up_proj.weight\": expected shape [80, 64], found [79, 64]" },
        { "qwen3_moe", "+model.layers.0.mlp.experts.gate_up_proj", "ST-28", "name experts in two ways; keep those of one way" },
        { "mixtral", "~model.layers.0.block_sparse_moe.experts.3.w1.weight", "ST-28", "experts.3.w1.weight\": expected shape [" },
        { "llama", "quantization_config={\"quant_method\":\"gptq\",\"bits\":4}", "CF-14", "quantization_config.quant_method is \"gptq\"" },
        { "llama", "quantization={\"group_size\":64,\"bits\":4}", "CF-14", "quantization is an object" },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(BadModels))]
    public void A_model_that_is_refused_is_reported_with_the_same_line(string family, string change, string code, string named)
    {
        Write(family, change);
        string line = Tool.Run("generate", "-m", _folder.Path, "--tokens", "1", "-n", "1").Fails(3, code);
        Assert.Contains(named, line, StringComparison.Ordinal);
        JsonElement[] unsupported = Report(3, code);
        Assert.Contains(unsupported, thing => thing.GetProperty("message").GetString()!.Contains(named, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_fault_of_every_part_has_its_own_line()
    {
        Write("qwen3", "hidden_act=\"relu\"", "max_window_layers=-1", "rope_scaling={\"rope_type\":\"yarn\",\"factor\":0,\"wave\":1,\"beta_fast\":-1}", "attn_logit_softcapping=50",
            "qkv_bias=true", "layer_types=[]", "torch_dtype=\"bfloat16\"", "dtype=\"float16\"", "-model.layers.0.self_attn.q_norm.weight", "-model.layers.1.self_attn.q_norm.weight",
            "-model.layers.2.self_attn.q_norm.weight", "~model.norm.weight", "+model.layers.1.extra.weight");
        _folder.Write("tokenizer.json", """
            {"version":"1.0","normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"NFC"},{"type":"StripAccents"}]},
             "pre_tokenizer":{"type":"WhitespaceSplit"},"decoder":{"type":"WordPiece"},"post_processor":{"type":"Bert"},"model":{"type":"Unigram","vocab":[["a",0.1]]}}
            """);
        _folder.Write("chat_template.jinja", "{% for m in messages %}{{ m.content | shout }}{% endfor");
        JsonElement[] unsupported = Report(3, "CF-08");
        (string Part, string Text)[] expected =
        [
            ("config", "hidden_act is \"relu\""), ("config", "rope_scaling.factor is 0"), ("config", "rope_scaling.wave is not"), ("config", "rope_scaling.beta_fast is -1"),
            ("config", "attn_logit_softcapping"), ("config", "qkv_bias"), ("config", "layer_types has 0 entries"), ("config", "torch_dtype is"),
            ("weights", "self_attn.q_norm.weight"), ("weights", "\"model.norm.weight\": expected shape"), ("weights", "\"model.layers.1.extra.weight\": found, but"),
            ("tokenizer", "\"Lowercase\" (as in ALBERT, CLIP)"), ("tokenizer", "\"StripAccents\" (as in ALBERT)"), ("tokenizer", "\"WhitespaceSplit\""),
            ("tokenizer", "decoder: is of type \"WordPiece\""), ("tokenizer", "post_processor: is of type \"Bert\""), ("tokenizer", "model.type: is \"Unigram\""),
            ("chat template", "chat_template.jinja"),
        ];
        foreach ((string part, string text) in expected)
            Assert.Single(unsupported, thing => thing.GetProperty("part").GetString() == part && thing.GetProperty("message").GetString()!.Contains(text, StringComparison.Ordinal));
        Assert.Contains("(2 more like it)", unsupported.Single(thing => thing.GetProperty("message").GetString()!.Contains("q_norm", StringComparison.Ordinal)).GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.All(unsupported, thing => Assert.DoesNotContain('\n', thing.GetProperty("message").GetString()!));
        string text2 = Tool.Run("inspect", "-m", _folder.Path).Out;
        Assert.Equal(unsupported.Length, text2.Split('\n').Count(line => line.StartsWith("unsupported ", StringComparison.Ordinal)));
        Assert.Contains("runs          no", text2, StringComparison.Ordinal);
    }

    [Fact]
    public void A_family_that_does_not_run_is_described_from_its_keys_and_headers()
    {
        Write("llama", "model_type=\"gemma3\"", "architectures=[\"Gemma3ForConditionalGeneration\"]", "vision_config={}");
        _folder.Write("README.md", "---\nlicense: gemma\nbase_model:\n- google/gemma-3-4b-pt\n---\n# A model\n");
        Outcome run = Tool.Run("inspect", "-m", _folder.Path);
        Assert.Equal(3, run.Exit);
        foreach (string told in (string[])["takes pictures or sound beside text (gemma3, Gemma3ForConditionalGeneration): layers 3, hidden ", "in 1 file, ", " F32", "licence       gemma",
            "made from     google/gemma-3-4b-pt", "CF-08", "the nearest is gemma3_text"])
            Assert.Contains(told, run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_download_names_what_is_missing_and_checks_the_rest()
    {
        FamilyConfigs.Write(_folder.Path, "llama");
        using (var whole = SafetensorsFile.Open(_folder.File("model.safetensors")))
        {
            TensorToWrite[] tensors = [.. whole.Tensors.Values.Where(tensor => tensor.Name != "model.norm.weight")
                .Select(tensor => new TensorToWrite(tensor.Name, tensor.Type, tensor.Shape, whole.Bytes(tensor).ToArray()))];
            JsonObject index = RandomCheckpoint.WriteShards(_folder.Path, tensors, 3);
            index["weight_map"]!["model.norm.weight"] = "model-00002-of-00003.safetensors";
            _folder.Write("model.safetensors.index.json", index.ToJsonString());
        }
        File.Delete(_folder.File("model.safetensors"));
        File.Delete(_folder.File("model-00003-of-00003.safetensors"));
        using (FileStream cut = File.OpenWrite(_folder.File("model-00001-of-00003.safetensors"))) cut.SetLength(cut.Length - 1);
        _folder.Write("model-00003-of-00003.safetensors.incomplete", "x");
        JsonElement[] unsupported = Report(3, "ST-25");
        Assert.Equal(["ST-18", "ST-25", "ST-27", "ST-28"], unsupported.Select(thing => thing.GetProperty("code").GetString()).Order(StringComparer.Ordinal));
        Assert.Contains("model-00003-of-00003.safetensors.incomplete", Tool.Run("inspect", "-m", _folder.Path).Out, StringComparison.Ordinal);
    }

    /// <summary>Names of files that are written, and what the report says of the folder.</summary>
    public static TheoryData<string, string, string> OtherFolders => new()
    {
        { "", "an empty folder", "Hugging Face layout" },
        { "notes.txt", "no model: one entry, such as \"notes.txt\"", "Hugging Face layout" },
        { "adapter_config.json,adapter_model.safetensors", "a PEFT adapter", "merge it into its base model" },
        { "model_index.json", "a Diffusers pipeline, which makes pictures", "no language model" },
        { "params.json,consolidated.00.pth", "its maker's own layout", "Hugging Face layout" },
        { "a.gguf", "\"a.gguf\" (GGUF version 3, \"llama\", \"Tiny\", 2 tensors)", "GGUF is not read" },
        { "model.safetensors", "safetensors without the config.json", "fetch config.json" },
        { "pytorch_model.bin", "PyTorch weights (pickle)", "save_pretrained" },
        { "model.onnx", "an ONNX model", "Hugging Face layout" },
        { "model.safetensors.incomplete", "an unfinished fetch", "finish the fetch" },
        { "inner/config.json", "a folder of folders", "\"inner\"" },
    };

    [Theory]
    [MemberData(nameof(OtherFolders))]
    public void A_folder_that_is_no_model_is_told_for_what_it_is(string files, string what, string advice)
    {
        foreach (string name in files.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllBytes(_folder.File(name), name.EndsWith(".gguf", StringComparison.Ordinal) ? Gguf() : "{}"u8.ToArray());
        }
        string message = Report(3, "CL-03")[0].GetProperty("message").GetString()!;
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.Contains(advice, message, StringComparison.Ordinal);
        Assert.Contains(what, Tool.Run("generate", "-m", _folder.Path, "-p", "x").Fails(3, "CL-03"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.gguf", "is a file: GGUF version 3, \"llama\"")]
    [InlineData("model.safetensors", "is a file: no whole safetensors (ST-")]
    [InlineData("pytorch_model.bin", "is a file: PyTorch weights")]
    [InlineData("x", "is a file; give the folder")]
    public void A_file_is_told_for_what_it_is(string name, string what)
    {
        File.WriteAllBytes(_folder.File(name), name.EndsWith(".gguf", StringComparison.Ordinal) ? Gguf() : "{}"u8.ToArray());
        Assert.Contains(what, Report(3, "CL-03", name)[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(what, Tool.Run("generate", "-m", _folder.File(name), "-p", "x").Fails(3, "CL-03"), StringComparison.Ordinal);
    }

    [Fact]
    public void Pickle_beside_a_supported_config_and_another_tokenizer_are_two_lines()
    {
        _folder.Write("config.json", FamilyConfigs.Json("llama"));
        _folder.Write("pytorch_model.bin", "x");
        _folder.Write("tokenizer.model", "x");
        Assert.Equal(["ST-30", "TK-01"], Report(3, "ST-30").Select(thing => thing.GetProperty("code").GetString()));
    }

    [Fact]
    public void An_add_on_without_its_backbone_is_still_described()
    {
        FamilyConfigs.Write(_folder.File("base"), "llama");
        RandomCheckpoint.WriteAddOn(_folder.File("add-on"), _folder.File("base"), new ParScale.Configuration.StreamConfig(2, 4, 0.1), seed: 8);
        Assert.Contains("an add-on for the model in", Tool.Run("inspect", "-m", _folder.File("add-on"), "--json").Json().GetProperty("what").GetString(), StringComparison.Ordinal);
        Directory.Delete(_folder.File("base"), recursive: true);
        Assert.Contains("parscale_backbone.path is", Assert.Single(Report(3, "AD-01", "add-on")).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_gigabytes_are_looked_at_at_once()
    {
        _folder.Write("config.json", FamilyConfigs.Json("llama").Replace("\"vocab_size\":50", "\"vocab_size\":1500000", StringComparison.Ordinal)
            .Replace("\"hidden_size\":32", "\"hidden_size\":16384", StringComparison.Ordinal));
        var config = ParScale.Configuration.CheckpointConfig.Load(_folder.Path);
        var header = new StringBuilder("{");
        long end = 0;
        foreach ((string name, long[] shape) in ModelTensors.Expected(config))
        {
            long start = end;
            end += 2 * shape.Aggregate(1L, (product, axis) => product * axis);
            header.Append(start == 0 ? "" : ",").Append(System.Globalization.CultureInfo.InvariantCulture,
                $"\"{name}\":{{\"dtype\":\"BF16\",\"shape\":[{string.Join(',', shape)}],\"data_offsets\":[{start},{end}]}}");
        }
        byte[] json = Encoding.UTF8.GetBytes(header.Append('}').ToString()), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        using (FileStream file = File.Create(_folder.File("model.safetensors")))
        {
            file.Write(length);
            file.Write(json);
            file.SetLength(8 + json.Length + end);
        }
        Assert.True(end > 90_000_000_000, $"{end}");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(end, Tool.Run("inspect", "-m", _folder.Path, "--json").Json().GetProperty("files").GetProperty("bytes").GetInt64());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }

    // The report of a run that fails: one JSON object on standard output, one line on standard error, which is the first of the report.
    private JsonElement[] Report(int exit, string code, string name = "")
    {
        Outcome run = Tool.Run("inspect", "-m", name.Length == 0 ? _folder.Path : _folder.File(name), "--json");
        (run with { Out = "" }).Fails(exit, code);
        JsonElement report = (run with { Exit = 0 }).Json();
        Assert.False(report.GetProperty("supported").GetBoolean());
        Assert.NotEqual("", report.GetProperty("what").GetString());
        JsonElement[] unsupported = [.. report.GetProperty("unsupported").EnumerateArray()];
        Assert.Equal(code, unsupported[0].GetProperty("code").GetString());
        return unsupported;
    }

    // "key=JSON" sets a key of the config, "-name" drops a tensor, "+name" adds one, "~name" takes a row of one away.
    private void Write(string family, params string[] changes)
    {
        FamilyConfigs.Write(_folder.Path, family);
        JsonObject config = JsonNode.Parse(File.ReadAllText(_folder.File("config.json")))!.AsObject();
        List<TensorToWrite> tensors = [];
        using (var whole = SafetensorsFile.Open(_folder.File("model.safetensors")))
        {
            foreach (TensorInfo tensor in whole.Tensors.Values)
            {
                if (changes.Contains($"-{tensor.Name}")) continue;
                long[] shape = changes.Contains($"~{tensor.Name}") ? [tensor.Shape[0] - 1, .. tensor.Shape[1..]] : tensor.Shape;
                tensors.Add(new TensorToWrite(tensor.Name, tensor.Type, shape, whole.Bytes(tensor)[..(int)(tensor.ByteLength / tensor.Shape[0] * shape[0])].ToArray()));
            }
        }
        tensors.AddRange(changes.Where(change => change[0] == '+').Select(change => new TensorToWrite(change[1..], TensorType.F32, [1, 2, 2], new byte[16])));
        foreach (string[] pair in changes.Where(change => change[0] is not ('+' or '-' or '~')).Select(change => change.Split('=', 2))) config[pair[0]] = JsonNode.Parse(pair[1]);
        _folder.Write("config.json", config.ToJsonString());
        File.Delete(_folder.File("model.safetensors"));
        SafetensorsWriter.Write(_folder.File("model.safetensors"), tensors);
    }

    private static byte[] Gguf()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        void Text(string text)
        {
            writer.Write((ulong)Encoding.UTF8.GetByteCount(text));
            writer.Write(Encoding.UTF8.GetBytes(text));
        }
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write(2ul);
        writer.Write(3ul);
        Text("general.architecture");
        writer.Write(8u);
        Text("llama");
        Text("general.alignment");
        writer.Write(4u);
        writer.Write(32u);
        Text("general.name");
        writer.Write(8u);
        Text("Tiny");
        writer.Flush();
        return bytes.ToArray();
    }
}
