using System.Text.Json;
using ParScale.Cli.Tests.Support;
using ParScale.Vulkan.Devices;

namespace ParScale.Cli.Tests.DeviceBench;

/// <summary><c>parscale bench --device vulkan</c>: figures of a device, with its name.</summary>
public class DeviceBenchTests(TinyModel model)
{
    private static readonly string[] Small =
    [
        "bench", "--hidden", "64", "--intermediate", "96", "--layers", "2", "--heads", "4", "--kv-heads", "2", "--vocab", "100", "--prefix-tokens", "3",
        "-n", "2", "-r", "2", "-q",
    ];

    [Fact]
    public void Json_has_the_device_its_speed_and_a_row_for_each_P_and_dtype()
    {
        NeedDevice();
        JsonElement json = Tool.Run([.. Small, "--prompt", "9", "--streams", "1,3", "--batch", "2x1", "--dtype", "q8,q4,bf16", "--context", "5", "--device", "vulkan", "--json"]).Json();
        JsonElement device = json.GetProperty("device");
        Assert.StartsWith("vulkan:", device.GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(device.GetProperty("title").GetString()!);
        Assert.Equal(device.GetProperty("kind").GetString() == "software", device.GetProperty("software").GetBoolean());
        Assert.InRange(device.GetProperty("read_gb_s").GetDouble(), 1e-3, 1e5);
        Assert.True(device.GetProperty("read_gb_s_best").GetDouble() >= device.GetProperty("read_gb_s").GetDouble());
        Assert.Contains(device.GetProperty("fma_rounds_once").ValueKind, (JsonValueKind[])[JsonValueKind.True, JsonValueKind.False]);
        bool matrices = device.GetProperty("matrices").ValueKind != JsonValueKind.Null;
        JsonElement[] rows = [.. json.GetProperty("rows").EnumerateArray()];
        Assert.All(rows, row => Assert.Equal(
            matrices && row.GetProperty("dtype").GetString() != "bf16", row.GetProperty("prefill_without_matrices_tokens_s").ValueKind == JsonValueKind.Number));
        Assert.Equal(["q8 1", "q8 3", "q8 2x1", "q4 1", "q4 3", "q4 2x1", "bf16 1", "bf16 3", "bf16 2x1"],
            rows.Select(row => $"{row.GetProperty("dtype").GetString()} {row.GetProperty("batch").GetString()}"));
        foreach (JsonElement row in rows)
        {
            double Number(string name) => row.GetProperty(name).GetDouble();
            // Small vocabularies are left to the host, whose 100 logits are fewer bytes than 64 tokens with theirs.
            Assert.False(row.GetProperty("chooses").GetBoolean());
            Assert.Equal(Number("all_logits_ms"), Number("decode_ms"));
            Assert.Equal(Number("chosen_ms") / Number("all_logits_ms"), Number("choice_ratio"), 1e-9);
            int sequences = row.GetProperty("batch").GetString() == "2x1" ? 2 : 1;
            Assert.Equal(sequences * (100 * 4 - 64 * 8), Number("all_logits_host_bytes") - Number("chosen_host_bytes"));
            foreach (string name in (string[])["chosen_ms", "chosen_host_bytes", "decode_ms", "decode_min_ms", "floor_ms", "ratio", "reached_gb_s", "prefill_tokens_s", "kv_step_bytes", "dispatches", "barriers"])
                Assert.InRange(Number(name), double.Epsilon, 1e9);
            Assert.Equal(4, Number("decode_steps"));
            Assert.Equal(Number("step_bytes") / Number("read_gb_s") / 1e6, Number("floor_ms"), 1e-9);
            Assert.Equal(Number("decode_ms") / Number("floor_ms"), Number("ratio"), 1e-6);
            Assert.True(Number("step_bytes") <= Number("weight_bytes") * 1.5);
        }
        // The aggregator, and nothing else, is read beside the weights of a plain model.
        Assert.True(rows[1].GetProperty("step_bytes").GetInt64() > rows[0].GetProperty("step_bytes").GetInt64());
        Assert.Equal(rows[0].GetProperty("step_bytes").GetInt64(), rows[2].GetProperty("step_bytes").GetInt64());
    }

    [Fact]
    public void A_step_of_many_logits_is_measured_as_the_device_chooses()
    {
        NeedDevice();
        string[] wide = ["bench", "--hidden", "32", "--intermediate", "32", "--layers", "2", "--heads", "4", "--kv-heads", "2", "--vocab", "140000", "--streams", "1", "--batch", "4x1"];
        JsonElement[] rows = [.. Tool.Run([.. wide, "--prompt", "0", "-n", "1", "-r", "1", "-q", "--device", "vulkan", "--json"]).Json().GetProperty("rows").EnumerateArray()];
        Assert.Equal([false, true], rows.Select(row => row.GetProperty("chooses").GetBoolean()));
        Assert.Equal(rows[1].GetProperty("chosen_ms").GetDouble(), rows[1].GetProperty("decode_ms").GetDouble());
        Assert.True(rows[1].GetProperty("all_logits_host_bytes").GetInt64() > 4 * 140_000 * 4);
        Assert.InRange(rows[1].GetProperty("chosen_host_bytes").GetInt64(), 4 * 512, 4 * 512 + 64);
    }

    [Fact]
    public void The_table_names_the_device_and_says_when_it_is_a_software_driver()
    {
        NeedDevice();
        Outcome run = Tool.Run([.. Small, "--prompt", "0", "--streams", "1,2", "--device", "vulkan"]);
        Assert.True(run.Exit == 0, run.Error);
        string[] table = [.. run.Out.Split('\n').Where(line => line.StartsWith('|'))];
        Assert.Equal(4, table.Length);
        Assert.All(table, line => Assert.Equal(table[0].Count(c => c == '|'), line.Count(c => c == '|')));
        DeviceDescription chosen = DeviceList.Read().Devices[int.Parse(run.Out.Split("- vulkan:")[1].Split(':')[0], System.Globalization.CultureInfo.InvariantCulture)];
        Assert.Contains(chosen.Name, run.Out, StringComparison.Ordinal);
        Assert.Equal(chosen.IsSoftware, run.Out.Contains("SOFTWARE DRIVER", StringComparison.Ordinal));
        string[] csv = Tool.Run([.. Small, "--prompt", "0", "--streams", "1", "--device", "vulkan", "-o", "csv"]).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, csv.Length);
        Assert.Equal(csv[0].Count(c => c == ','), csv[1].Count(c => c == ','));
    }

    [Fact]
    public void A_checkpoint_is_measured_as_it_is_stored()
    {
        NeedDevice();
        JsonElement json = Tool.Run("bench", "-m", model.Folder, "--streams", "1,2", "-n", "1", "-r", "1", "--prompt", "4", "-q", "--json", "--device", "vulkan").Json();
        Assert.Equal(model.Config.Parameters, json.GetProperty("model").GetProperty("parameters").GetInt64());
        Assert.All(json.GetProperty("rows").EnumerateArray(), row => Assert.Equal("f32", row.GetProperty("dtype").GetString()));
    }

    [Fact]
    public void What_a_device_cannot_do_is_refused_before_weights_are_made()
    {
        NeedDevice();
        Tool.Run("bench", "--hidden", "1040", "--heads", "1", "--kv-heads", "1", "--layers", "2", "--vocab", "100", "-q", "--device", "vulkan").Fails(2, "VK-05");
        Tool.Run([.. Small, "--device", "vulkan", "--plot", "a.svg"]).Fails(2, "CL-02");
        Tool.Run([.. Small, "--device", "vulkan:999"]).Fails(2, "VK-09");
    }

    private static void NeedDevice()
    {
        if (DeviceList.Read() is { Note: { } why }) Assert.Skip(why);
    }
}
