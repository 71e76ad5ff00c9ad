using System.Buffers.Binary;
using System.Text.Json.Nodes;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Quantization;

public class QuantizedFolderTests
{
    private const string Codes = "model.layers.0.mlp.up_proj.weight";
    private const string Scales = Codes + "_scale";
    private const int Page = 4096;

    [Fact]
    public void QC01_weights_that_do_not_begin_as_quantised_ones_are_refused()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        File.Copy(folder.File("float/model.safetensors"), Weights(quantised), overwrite: true);
        Refused("QC-01", quantised);
    }

    [Fact]
    public void QC02_a_later_version_is_refused()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        ChangeConfig(quantised, config => config[QuantizationConfig.Key]!["version"] = 2);
        Refused("QC-02", quantised, "config.json", "version", "2");
    }

    [Fact]
    public void QC08_a_key_that_is_not_read_is_refused_by_name()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        ChangeConfig(quantised, config => config[QuantizationConfig.Key]!["rotation"] = "hadamard");
        Refused("QC-08", quantised, "config.json", "quantization_config.rotation");
    }

    [Fact]
    public void Numbers_that_only_Python_writes_become_JSON_in_the_copy()
    {
        using var folder = new TempFolder();
        string config = TinyModel.Config();
        TinyModel.Write(folder, config);
        folder.Write("config.json", $"\uFEFF{config[..^1]},\"x_limit\":[0.0,Infinity]}}");
        Quantizer.Run(folder.Path, folder.File("q8"), WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        JsonNode copy = JsonNode.Parse(File.ReadAllBytes(folder.File("q8/config.json")))!;
        Assert.Equal("Infinity", copy["x_limit"]![1]!["__float__"]!.GetValue<string>());
        LanguageModel.Load(folder.File("q8")).Dispose();
    }

    [Fact]
    public void QC03_another_models_config_is_refused()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        string config = Path.Combine(quantised, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("1E-06", "1E-05", StringComparison.Ordinal));
        Refused("QC-03", quantised, "config.json");
    }

    [Fact]
    public void QC04_a_file_cut_at_any_page_is_refused()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        byte[] whole = File.ReadAllBytes(Weights(quantised));
        for (int length = 0; length < whole.Length; length += Page) RefusedWith(whole[..length], quantised);
        RefusedWith(whole[..^1], quantised);
        RefusedWith([.. whole, 0], quantised);
    }

    [Fact]
    public void QC05_any_flipped_bit_of_the_config_is_found()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder), path = Path.Combine(quantised, "config.json");
        byte[] whole = File.ReadAllBytes(path);
        for (int bit = 0; bit < whole.Length * 8; bit += 3)
        {
            File.WriteAllBytes(path, Flip(whole, bit));
            Refused(null, quantised, "quantize");
        }
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void QC05_any_flipped_bit_of_the_weights_is_found(WeightDtype type)
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder, type), path = Weights(quantised);
        byte[] whole = File.ReadAllBytes(path);
        int header = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(whole);
        int[] start = [.. Enumerable.Range(0, 120 * 8)];
        int[] inHeader = [.. Enumerable.Range(120, header - 120).Where(at => at % 5 == 0).Select(at => at * 8 + at % 8)];
        int[] inData = [.. Enumerable.Range(header, whole.Length - header).Where(at => at % 211 == 0).Select(at => at * 8 + at % 8), whole.Length * 8 - 1];
        foreach (int bit in (int[])[.. start, .. inHeader, .. inData]) RefusedWith(Flip(whole, bit), quantised);
    }

    [Fact]
    public void QC05_the_damaged_tensor_is_named()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        byte[] whole = File.ReadAllBytes(Weights(quantised));
        using (var file = SafetensorsFile.Open(Weights(quantised))) whole[file.Tensors[Codes].Offset + 3] ^= 1;
        File.WriteAllBytes(Weights(quantised), whole);
        Refused("QC-05", quantised, "model.safetensors", $"\"{Codes}\"", "parscale quantize");
    }

    [Theory]
    [InlineData("shape", "[1,2,64,4]")]
    [InlineData("shape", "[4,8,32,4]")]
    [InlineData("dtype", "\"I8\"")]
    public void QC06_another_shape_or_type_is_refused(string key, string value)
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        QuantizedFile file = QuantizedFile.Open(quantised);
        long before = TensorSize.Bytes(TensorType.U8, [.. file.Header[Codes]!["shape"]!.AsArray().Select(axis => (long)axis!)]);
        file.Header[Codes]![key] = JsonNode.Parse(value);
        bool sameSize = key != "shape" || TensorSize.Bytes(TensorType.U8, [.. JsonNode.Parse(value)!.AsArray().Select(axis => (long)axis!)]) == before;
        file.Save();
        if (sameSize) Refused("QC-06", quantised, $"\"{Codes}\"", "expected U8");
        else BadInput.Expect("ST-15", () => LanguageModel.Load(quantised).Dispose(), "model.safetensors", Codes);
    }

    [Fact]
    public void QC06_a_product_that_wraps_is_refused()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        QuantizedFile file = QuantizedFile.Open(quantised);
        file.Header[Codes]!["shape"] = JsonNode.Parse("[4194305,4194305,1073741824,1073741824]");
        file.Save();
        BadInput.Expect("ST-13", () => LanguageModel.Load(quantised).Dispose(), "model.safetensors", Codes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void QC06_missing_and_extra_tensors_are_refused(bool missing)
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        QuantizedFile file = QuantizedFile.Open(quantised);
        if (missing) file.RemoveLast();
        else file.AddLast("model.extra");
        file.Save();
        Refused("QC-06", quantised, "model.safetensors");
    }

    [Theory]
    [InlineData(0x7FC0)]
    [InlineData(0x7F80)]
    [InlineData(0xFF80)]
    [InlineData(0xBF80)]
    [InlineData(0x8000)]
    public void QC07_a_scale_that_no_packing_makes_is_refused(int bits)
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        QuantizedFile file = QuantizedFile.Open(quantised);
        BinaryPrimitives.WriteUInt16LittleEndian(file.Data(Scales)[6..], (ushort)bits);
        file.Save();
        Refused("QC-07", quantised, $"\"{Scales}\"", "scale");
    }

    [Theory]
    [InlineData("layout", "\"tiles-16x4\"")]
    [InlineData("layout", "null")]
    [InlineData("q8_group_size", "32")]
    [InlineData("q4_group_size", "\"64\"")]
    [InlineData("format", "\"q5\"")]
    public void QC08_another_layout_is_refused(string key, string value)
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        ChangeConfig(quantised, config => config[QuantizationConfig.Key]![key] = JsonNode.Parse(value));
        Refused("QC-08", quantised, "config.json");
    }

    [Fact]
    public void QC11_weights_that_others_may_change_give_a_notice_and_the_checksums_decide()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "this system has no such permission bits");
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder), path = Weights(quantised);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherWrite);
        using (LanguageModel model = LanguageModel.Load(quantised))
            Assert.Contains(model.Notices, notice => notice.StartsWith("model.safetensors", StringComparison.Ordinal));
        RefusedWith(Flip(File.ReadAllBytes(path), 5555), quantised);
    }

    [Fact]
    public void A_saved_file_with_right_checksums_loads()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        QuantizedFile.Open(quantised).Save();
        LanguageModel.Load(quantised).Dispose();
    }

    [Theory]
    [InlineData(WeightDtype.Q8, WeightDtype.Q4)]
    [InlineData(WeightDtype.Q4, WeightDtype.F32)]
    public void QZ04_another_type_is_refused(WeightDtype stored, WeightDtype asked)
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder, stored);
        LanguageModel.Load(quantised, new LoadOptions { Dtype = stored }).Dispose();
        BadInput.Expect(ErrorKind.Usage, "QZ-04", () => LanguageModel.Load(quantised, new LoadOptions { Dtype = asked }).Dispose(), 1 << 20, stored == WeightDtype.Q8 ? "q8" : "q4", "--dtype");
    }

    private static string Weights(string folder) => Path.Combine(folder, "model.safetensors");

    private static byte[] Flip(byte[] whole, int bit)
    {
        byte[] spoilt = [.. whole];
        spoilt[bit / 8] ^= (byte)(1 << (bit % 8));
        return spoilt;
    }

    private static void ChangeConfig(string folder, Action<JsonNode> change)
    {
        string path = Path.Combine(folder, "config.json");
        JsonNode config = JsonNode.Parse(File.ReadAllText(path))!;
        change(config);
        File.WriteAllText(path, config.ToJsonString());
        QuantizedFile.Open(folder).Save();
    }

    private static void RefusedWith(byte[] weights, string folder)
    {
        File.WriteAllBytes(Weights(folder), weights);
        Refused(null, folder, "parscale quantize");
    }

    private static void Refused(string? code, string folder, params string[] named)
    {
        var error = Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder).Dispose());
        Assert.Equal(ErrorKind.HashMismatch, error.Kind);
        Assert.Matches("^QC-0[1-8]$", error.Code);
        if (code is not null) Assert.Equal(code, error.Code);
        Assert.DoesNotContain(error.Message, char.IsControl);
        foreach (string name in named) Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }
}
