using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;

namespace ParScale.Cli.Tests.Cost;

public class CostCommandTests
{
    [Fact]
    public void Json_has_a_row_for_every_model_format_and_number_of_streams()
    {
        JsonElement json = Cost("--size", "1.8B,7B", "--streams", "1,4", "--dtype", "bf16,q4", "--moe", "8B/1B");
        Assert.Equal(2 * 3 * 2, json.GetProperty("rows").GetArrayLength());
        Assert.Equal(["dense", "moe", "parscale"], json.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("kind").GetString()).Distinct().Order());
        Assert.Equal("a100", json.GetProperty("device").GetProperty("name").GetString());
        Assert.Equal(0, json.GetProperty("device").GetProperty("products").GetArrayLength());
        JsonElement row = json.GetProperty("rows")[1];
        string[] parts = ["weight_bytes", "prefix_bytes", "aggregator_bytes", "kv_bytes", "activation_bytes", "runtime_bytes"];
        Assert.Equal(row.GetProperty("memory_bytes").GetDouble(), parts.Sum(part => row.GetProperty(part).GetDouble()), 1.0);
        Assert.Equal(row.GetProperty("total_ms").GetDouble(),
            row.GetProperty("prefill_ms").GetDouble() + 128 * row.GetProperty("decode_ms").GetDouble(), 1e-6);
    }

    [Fact]
    public void A_config_with_streams_has_its_own_number_of_prefix_slots()
    {
        JsonElement inspected = Tool.Run("inspect", "--json").Json();
        JsonElement row = Assert.Single(Cost("--size", Path.Combine(EmbeddedModel.Folder(), "config.json"), "--streams", "4", "--dtype", "bf16").GetProperty("rows").EnumerateArray());
        Assert.Equal(inspected.GetProperty("parameters").GetProperty("total").GetDouble(), row.GetProperty("parameters").GetDouble());
        Assert.Equal(16, inspected.GetProperty("prefix_tokens").GetInt32());
    }

    [Fact]
    public void Streams_are_nearly_free_for_one_sequence_and_the_twin_is_not()
    {
        JsonElement json = Cost("--size", "1.6B", "--streams", "1,8", "--equal-loss");
        double[] times = [.. json.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("decode_ms").GetDouble())];
        Assert.Equal(3, times.Length);
        Assert.InRange(times[1] / times[0], 1, 1.1);
        Assert.InRange(times[2] / times[0], 1.5, 2.2);
        JsonElement increase = Assert.Single(json.GetProperty("increases").EnumerateArray());
        Assert.InRange(increase.GetProperty("memory_ratio").GetDouble(), 8, 25);
        Assert.InRange(increase.GetProperty("latency_ratio").GetDouble(), 4, 25);
    }

    [Fact]
    public void As_paper_gives_the_papers_figures_whatever_the_device()
    {
        JsonElement json = Tool.Run("cost", "--as-paper", "--size", "1.6B", "--streams", "8", "--device", "m4", "--json").Json();
        Assert.Equal("llm-analysis", json.GetProperty("mode").GetString());
        Assert.Equal(22.55, json.GetProperty("published_memory_ratio").GetDouble(), 0.05);
        Assert.Equal(6.43, json.GetProperty("published_latency_ratio").GetDouble(), 0.05);
        JsonElement row = Assert.Single(json.GetProperty("rows").EnumerateArray());
        Assert.Equal(3.59, row.GetProperty("mean_memory_bytes").GetDouble() / (1L << 30), 0.01);
        Assert.Equal(0.555, row.GetProperty("mean_total_ms").GetDouble() / 1e3, 0.002);
        Assert.Contains("22.55", Tool.Run("cost", "--as-paper").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 16, false)]
    [InlineData(3, 4, true)]
    public void A_file_with_streams_has_the_slots_that_it_names(int streams, int slots, bool anchored)
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config(streams, prefix: slots, anchored: anchored);
        JsonElement row = Cost("--size", folder.Write("config.json", config.ToJson()), "--streams", $"{streams}").GetProperty("rows")[0];
        Assert.Equal(config.Parameters, row.GetProperty("parameters").GetInt64());
        Assert.Equal(anchored ? "anchored" : "parscale", row.GetProperty("kind").GetString());
    }

    [Fact]
    public void A_plain_file_gets_the_slots_of_the_published_models()
    {
        using var folder = new TempFolder();
        CheckpointConfig plain = RandomCheckpoint.Config(1), with = CheckpointConfig.Create(plain.Model, new StreamConfig(4, 48, 0.1));
        Assert.Equal(with.Parameters, Cost("--size", folder.Write("config.json", plain.ToJson()), "--streams", "4").GetProperty("rows")[0].GetProperty("parameters").GetInt64());
    }

    [Fact]
    public void Keys_and_values_are_counted_in_the_format_that_the_engine_takes()
    {
        string[] sizes = ["--size", "0.7B", "--streams", "2", "--dtype", "f32,bf16,q8,q4"];
        JsonElement json = Cost(sizes), asked = Cost([.. sizes, "--kv-dtype", "f32"]);
        foreach ((string dtype, string kv) in (ReadOnlySpan<(string, string)>)[("f32", "f32"), ("bf16", "f32"), ("q8", "bf16"), ("q4", "bf16")])
        {
            Assert.Equal(kv, json.GetProperty("kv").GetProperty(dtype).GetString());
            Assert.Equal("f32", asked.GetProperty("kv").GetProperty(dtype).GetString());
            Assert.Equal(Bytes(asked, dtype) / (kv == "f32" ? 1 : 2), Bytes(json, dtype));
        }
        string text = Tool.Run(["cost", "--device", "a100", .. sizes]).Out;
        Assert.Contains("keys and values in f32 beside f32 and bf16 weights, bf16 beside q8 and q4;", text, StringComparison.Ordinal);

        static double Bytes(JsonElement cost, string dtype) =>
            cost.GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("dtype").GetString() == dtype).GetProperty("kv_bytes").GetDouble();
    }

    [Theory]
    [InlineData("--moe", "--as-paper", "--moe", "8B/1.6B")]
    [InlineData("--equal-loss", "--as-paper", "--equal-loss")]
    [InlineData("--data", "--as-paper", "--data", "nosuch.csv")]
    [InlineData("--equal-loss", "--as-paper", "--equal-loss", "--data", "pile")]
    [InlineData("--data", "--data", "nosuch.csv")]
    [InlineData("--arms", "--arms", "elastic")]
    [InlineData("--models", "--models", "plain")]
    [InlineData("--models", "--equal-loss", "--models", "plain")]
    public void What_would_not_count_is_refused(string named, params string[] args) =>
        Assert.Contains(named, Tool.Run(["cost", "--device", "a100", .. args]).Fails(2, "CL-02"), StringComparison.Ordinal);

    [Fact]
    public void Losses_that_are_not_there_are_refused() =>
        Assert.Contains("nosuch.csv", Tool.Run("cost", "--device", "a100", "--equal-loss", "--data", "nosuch.csv").Fails(3, "IN-01"), StringComparison.Ordinal);

    [Fact]
    public void A_picture_of_all_rows_is_drawn_but_not_of_the_papers()
    {
        using var folder = new TempFolder();
        string svg = Path.Combine(folder.Path, "cost.svg");
        Cost("--size", "1.8B,4.7B", "--moe", "8B/1.6B", "--plot", svg);
        Assert.Contains("MoE", File.ReadAllText(svg), StringComparison.Ordinal);
        Assert.Contains("--as-paper", Tool.Run("cost", "--as-paper", "--plot", svg).Fails(2, "CL-02"), StringComparison.Ordinal);
    }

    [Fact]
    public void This_machine_is_measured()
    {
        JsonElement device = Tool.Run("cost", "--json", "--size", "0.7B", "--streams", "1").Json().GetProperty("device");
        Assert.Equal("this", device.GetProperty("name").GetString());
        Assert.InRange(device.GetProperty("read_gb_s").GetDouble(), 0.5, 10_000);
        Assert.InRange(device.GetProperty("int8_gmac_s").GetDouble(), 0.1, 1e7);
        Assert.Equal(4 * 5, device.GetProperty("products").GetArrayLength());
    }

    [Theory]
    [InlineData("qwen3_moe")]
    [InlineData("qwen2_moe")]
    public void A_mixture_holds_all_experts_and_reads_those_that_its_streams_choose(string name)
    {
        using var folder = new TempFolder();
        string file = folder.Write("config.json", FamilyConfigs.Json(name));
        JsonElement[] rows = [.. Cost("--size", file, "--streams", "1,2,64").GetProperty("rows").EnumerateArray()];
        ParameterCounts counts = ParameterCounts.Of(FamilyConfigs.Read(name).Model, StreamConfig.Plain);
        double Number(int row, string key) => rows[row].GetProperty(key).GetDouble();
        Assert.Equal("moe", rows[0].GetProperty("kind").GetString());
        Assert.Equal(((double)counts.Total, (double)(counts.NonEmbedding - counts.Idle)), (Number(0, "parameters"), Number(0, "active_parameters")));
        // With one stream a step reads what a token uses, and the head.
        Assert.Equal(counts.NonEmbedding - counts.Idle + 50 * 32, Number(0, "read_parameters"), 1e-6);
        double share = FamilyConfigs.Read(name).Model.Layers[0].FeedForward.Experts is { } experts ? (double)experts.Chosen / experts.Count : 0;
        Assert.Equal(share, Number(0, "experts_read"), 1e-9);
        Assert.Equal(1 - (1 - share) * (1 - share), Number(1, "experts_read"), 1e-9);
        // With many, all that it holds but the embedding, a table beside the head.
        Assert.Equal(Number(2, "parameters") - 50 * 32, Number(2, "read_parameters"), 1.0);
        Assert.Contains("of the experts, if each stream", Tool.Run("cost", "--device", "a100", "--size", file).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_says_what_does_not_fit()
    {
        string text = Tool.Run("cost", "--size", "0.7B,70B", "--streams", "1", "--device", "m4").Out;
        Assert.Contains("! more than the 17.2 GB of the machine", text, StringComparison.Ordinal);
        Assert.Contains("* a size without a published model", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CL-02", "--size", "1.8")]
    [InlineData("CL-02", "--size", "1.8B,huge")]
    [InlineData("CL-02", "--size", "1M")]
    [InlineData("CL-02", "--moe", "1B/8B")]
    [InlineData("CL-02", "--moe", "8B")]
    [InlineData("CL-02", "--dtype", "fp8")]
    [InlineData("CL-02", "--kv", "q4")]
    [InlineData("CL-02", "--kv-dtype", "q4")]
    [InlineData("CL-02", "--streams", "0")]
    [InlineData("CL-02", "--batch", "0")]
    [InlineData("PL-02", "--device", "h10")]
    public void Wrong_values_are_refused_in_one_line_that_names_the_flag(string code, string flag, string value) =>
        Assert.Contains(flag, Tool.Run("cost", flag, value).Fails(2, code), StringComparison.Ordinal);

    [Theory]
    [InlineData("--kv")]
    [InlineData("--kv-dtype")]
    public void Keys_and_values_in_eight_bits_take_less_memory(string flag)
    {
        double Memory(params string[] args) => Cost(["--size", "1.8B", "--streams", "8", .. args]).GetProperty("rows")[0].GetProperty("memory_bytes").GetDouble();
        Assert.True(Memory(flag, "q8") < Memory());
        Assert.Equal(Memory(), Memory(flag, "f32"));
    }

    [Fact]
    public void The_nearest_device_is_named() =>
        Assert.Contains("did you mean h100?", Tool.Run("cost", "--device", "h10").Fails(2, "PL-02"), StringComparison.Ordinal);

    private static JsonElement Cost(params string[] args) => Tool.Run(["cost", "--device", "a100", "--json", .. args]).Json();
}
