using System.Text.Json;
using System.Xml.Linq;
using ParScale.Checkpoints;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;

namespace ParScale.Cli.Tests.Bench;

public class BenchCommandTests(TinyModel model)
{
    private static readonly string[] Small =
    [
        "bench", "--hidden", "64", "--intermediate", "96", "--layers", "2", "--heads", "4", "--kv-heads", "2", "--vocab", "100", "--prefix-tokens", "3",
        "--prompt", "9", "-n", "2", "-r", "2", "-t", "2", "-q",
    ];

    [Fact]
    public void Json_has_every_field_of_the_contract()
    {
        JsonElement json = Run("--streams", "1,3", "--dtype", "q8,f32", "--context", "0,5", "--json").Json();
        Assert.NotEqual("", json.GetProperty("machine").GetProperty("cpu").GetString());
        Assert.Equal(2, json.GetProperty("machine").GetProperty("threads").GetInt32());
        Assert.True(json.GetProperty("model").GetProperty("random").GetBoolean());
        JsonElement floors = json.GetProperty("floors");
        foreach (string name in new[] { "read_gb_s", "read_gb_s_best", "int8_gmac_s", "int8_gmac_s_best", "f32_gmac_s", "f32_gmac_s_best" })
            Assert.InRange(floors.GetProperty(name).GetDouble(), 1e-9, 1e9);
        // Rows of a step; those of the prompt of 9 tokens are 9 and 27. The aggregator's second matrix, with few rows, stays in 16 bits.
        Assert.Equal(["bf16 1", "f32 1", "f32 27", "f32 3", "f32 9", "q8 1", "q8 27", "q8 3", "q8 9"],
            floors.GetProperty("products").EnumerateArray().Select(product => $"{product.GetProperty("dtype").GetString()} {product.GetProperty("rows")}").Order(StringComparer.Ordinal));
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        Assert.Equal(
            ["q8 1 0", "q8 1 5", "q8 3 0", "q8 3 5", "f32 1 0", "f32 1 5", "f32 3 0", "f32 3 5"],
            rows.Select(row => $"{row.GetProperty("dtype").GetString()} {row.GetProperty("streams")} {row.GetProperty("context")}"));
        foreach (JsonElement row in rows)
        {
            double Number(string name) => row.GetProperty(name).GetDouble();
            foreach (string name in new[] { "decode_ms", "decode_mean_ms", "decode_min_ms", "floor_ms", "ratio", "ratio_best", "product_floor_ms", "product_ratio", "product_gmac_s", "roofline_ms", "roofline_ratio", "prefill_product_share", "prefill_tokens_s", "prefill_share", "predicted_decode_ms", "predicted_prefill_tokens_s" })
                Assert.InRange(Number(name), double.Epsilon, 1e9);
            Assert.Equal(Number("decode_ms") / Number("floor_ms"), Number("ratio"), 1e-9);
            Assert.Equal(Number("step_bytes") / Number("read_gb_s") / 1e6, Number("floor_ms"), 1e-9);
            Assert.Equal(Number("decode_ms") / Number("product_floor_ms"), Number("product_ratio"), 1e-9);
            Assert.Equal(Math.Max(Number("floor_ms"), Number("product_floor_ms")), Number("roofline_ms"));
            Assert.Equal(Number("decode_ms") / Number("roofline_ms"), Number("roofline_ratio"), 1e-9);
            Assert.Equal(4, Number("decode_steps"));
            // What is resident beside a model this small is the process, here that of all tests: only the parts that are the model's count.
            Assert.InRange(Number("predicted_bytes"), Number("weight_bytes") + Number("kv_bytes"), 200e6);
            Assert.InRange(Number("other_bytes"), 1e6, 1e11);
            Assert.Equal(Number("weight_bytes") + Number("kv_bytes") + Number("other_bytes"), Number("resident_bytes"));
        }
    }

    [Fact]
    public void Anchored_and_ordinary_streams_are_rows_of_one_run()
    {
        JsonElement[] rows = [.. Run("--batch", "16x1,16x4,16x4a,4a", "--context", "7", "--json").Json().GetProperty("rows").EnumerateArray()];
        Assert.Equal(["16x1", "16x4", "16x4a", "4a"], rows.Select(row => row.GetProperty("batch").GetString()));
        double[] Of(string name) => [.. rows.Select(row => row.GetProperty(name).GetDouble())];
        Assert.All(Of("tokens_s").Zip(Of("decode_ms"), (speed, step) => speed * step / 1000).Take(3), sequences => Assert.Equal(16, sequences, 1e-9));
        // 9 tokens, and 3 slots, take a block of 16; 2 heads of 16 numbers, keys and values, in bf16. Of two layers the first has one cache for all streams.
        const double Block = 16 * 2 * 2 * 16 * 2;
        Assert.Equal([16 * 2 * Block, 16 * 5 * Block + 2 * 4 * Block, 16 * 2 * Block + 2 * 3 * Block, 2 * Block + 2 * 3 * Block], Of("kv_bytes"));
        // The anchor reads prompts alone: the products of one stream and of the helpers' last token.
        Assert.All(Of("prefill_product_share"), share => Assert.True(share > 0));
        string table = Run("--batch", "2x4a").Out;
        Assert.Contains("| 2x4a |", table, StringComparison.Ordinal);
        Assert.Contains("| kv MiB |", table, StringComparison.Ordinal);
        Outcome stored = Tool.Run("bench", "-m", model.Folder, "--batch", "2x4a");
        Assert.Equal(2, stored.Exit);
        Assert.Contains("CL-02", stored.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_form_of_output_parses()
    {
        string[] csv = Run("--streams", "2", "-o", "csv").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] lines = Run("--streams", "2", "-o", "jsonl", "--prompt", "0").Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var line = JsonDocument.Parse(Assert.Single(lines));
        Assert.Equal(csv[0].Split(','), line.RootElement.EnumerateObject().Select(column => column.Name));
        Assert.Equal(2, csv.Length);
        Assert.Equal(csv[0].Count(c => c == ','), csv[1].Count(c => c == ','));
        Assert.Equal(JsonValueKind.Null, line.RootElement.GetProperty("prefill_tokens_s").ValueKind);

        string[] table = [.. Run("--streams", "1-4").Out.Split('\n').Where(row => row.StartsWith('|'))];
        Assert.Equal(6, table.Length);
        Assert.All(table, row => Assert.Equal(table[0].Count(c => c == '|'), row.Count(c => c == '|')));
        Assert.Equal("json", Run("--streams", "1", "-o", "json").Json().TryGetProperty("rows", out _) ? "json" : "no rows");
    }

    [Fact]
    public void A_checkpoint_is_measured_as_it_is_stored()
    {
        JsonElement json = Tool.Run("bench", "-m", model.Folder, "--streams", "1,2", "-n", "1", "-r", "1", "--prompt", "4", "-q", "--json").Json();
        Assert.Equal(model.Config.Parameters, json.GetProperty("model").GetProperty("parameters").GetInt64());
        Assert.All(json.GetProperty("rows").EnumerateArray(), row => Assert.Equal("f32", row.GetProperty("dtype").GetString()));
    }

    [Theory]
    [InlineData("gemma2")]
    [InlineData("phi3")]
    [InlineData("smollm3")]
    [InlineData("qwen2_moe")]
    public void The_shape_of_any_config_is_measured_with_random_weights(string name)
    {
        using var folder = new TempFolder();
        string file = folder.Write("config.json", FamilyConfigs.Json(name));
        JsonElement json = Tool.Run("bench", "--shape", file, "--prefix-tokens", "3", "--streams", "1,2", "--dtype", "q8", "-n", "1", "-r", "1", "--prompt", "20", "-q", "--json").Json();
        long expected = ParameterCounts.Of(FamilyConfigs.Read(name).Model, new StreamConfig(2, 3, 0.1)).Total;
        Assert.Equal(expected, json.GetProperty("model").GetProperty("parameters").GetInt64());
        Assert.Equal(2, json.GetProperty("rows").GetArrayLength());
        JsonElement cost = Tool.Run("cost", "--size", file, "--streams", "1", "--dtype", "bf16", "--json").Json();
        Assert.InRange(cost.GetProperty("rows")[0].GetProperty("memory_bytes").GetDouble(), 2.0 * FamilyConfigs.Read(name).Parameters, 1e9);
        Assert.Contains("rms_norm_eps", Tool.Run("cost", "--size", folder.Write("bad.json", FamilyConfigs.Json(name).Replace("{\"model_type\"", "{\"rms_norm_eps\":0,\"model_type\"", StringComparison.Ordinal))).Fails(2, "CL-02"), StringComparison.Ordinal);
        string error = Tool.Run("bench", "--shape", file, "--layers", "2").Fails(2, "CL-02");
        Assert.Contains("--layers", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_experts_it_tells_how_many_a_step_read()
    {
        using var folder = new TempFolder();
        string file = folder.Write("config.json", FamilyConfigs.Json("qwen3_moe"));
        string[] args = ["bench", "--shape", file, "--streams", "1,2", "--dtype", "q8", "-n", "1", "-r", "1", "--prompt", "0", "-q"];
        JsonElement[] rows = [.. Tool.Run([.. args, "--json"]).Json().GetProperty("rows").EnumerateArray()];
        Assert.Equal(2, rows[0].GetProperty("experts_per_layer").GetDouble());
        Assert.InRange(rows[1].GetProperty("experts_per_layer").GetDouble(), 2, 4);
        Assert.Equal(2, rows[0].GetProperty("predicted_experts_per_layer").GetDouble(), 1e-9);
        Assert.Equal(6 * (1 - 4.0 / 9), rows[1].GetProperty("predicted_experts_per_layer").GetDouble(), 1e-9);
        Assert.True(rows[0].GetProperty("step_bytes").GetInt64() < rows[0].GetProperty("weight_bytes").GetInt64());
        Assert.Contains("2.0 different experts of a layer in a step", Tool.Run(args).Out, StringComparison.Ordinal);
        JsonElement dense = Tool.Run("bench", "-m", model.Folder, "--streams", "1", "-n", "1", "-r", "1", "--prompt", "0", "-q", "--json").Json();
        Assert.Equal(JsonValueKind.Null, dense.GetProperty("rows")[0].GetProperty("experts_per_layer").ValueKind);
    }

    [Fact]
    public void The_plot_is_well_formed_and_holds_every_row()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "a.svg");
        Assert.Equal(0, Run("--streams", "1,2,4", "--dtype", "q8,bf16", "--plot", file).Exit);
        XElement svg = XElement.Load(file);
        Assert.Equal(2, svg.Elements().Count(element => element.Name.LocalName == "polyline" && element.Attribute("stroke-dasharray") is null));
        Assert.Equal(4, svg.Elements().Count(element => element.Name.LocalName == "circle"));
    }

    [Theory]
    [InlineData("--shape", "2B")]
    [InlineData("--streams", "0")]
    [InlineData("--streams", "1,x")]
    [InlineData("--streams", "65")]
    [InlineData("--dtype", "q8,q9")]
    [InlineData("--context", "-1")]
    [InlineData("--heads", "5")]
    [InlineData("--heads", "64")]
    [InlineData("--kv-heads", "3")]
    [InlineData("-o", "xml")]
    [InlineData("--plot", "a.txt")]
    [InlineData("--plot", "no-such-folder/a.svg")]
    public void Bad_options_are_one_line(string option, string value)
    {
        string[] args = [.. Small];
        int known = Array.IndexOf(args, option);
        if (known >= 0) args[known + 1] = value;
        Tool.Run(known >= 0 ? args : [.. args, option, value]).Fails(2, "CL-02");
    }

    [Fact]
    public void Options_that_contradict_each_other_are_refused()
    {
        Tool.Run("bench", "-m", model.Folder, "--shape", "1.8B").Fails(2, "CL-02");
        Tool.Run("bench", "-o", "md", "--json").Fails(2, "CL-02");
        Tool.Run("bench", "-m", model.Folder, "--streams", "4").Fails(2, "CL-09");
        Tool.Run("bench", "-m", model.Folder, "--context", $"{TinyModel.Context}").Fails(2, "CL-02");
    }

    [Fact]
    public void BE_01_what_does_not_fit_is_refused_beforehand()
    {
        string error = Tool.Run("bench", "--shape", "4.7B", "--layers", "1024", "--dtype", "f32").Fails(7, "BE-01");
        Assert.Contains("MiB", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_ends_it()
    {
        Outcome outcome = Tool.RunWith(null, new CancellationToken(canceled: true), Small);
        Assert.Equal((130, ""), (outcome.Exit, outcome.Out));
    }

    private static Outcome Run(params string[] args)
    {
        // An option given again replaces the one in Small.
        List<string> all = [.. Small];
        for (int i = 0; i + 1 < all.Count; i++)
        {
            if (all[i].StartsWith('-') && args.Contains(all[i])) all.RemoveRange(i--, 2);
        }
        return Tool.Run([.. all, .. args]);
    }
}
