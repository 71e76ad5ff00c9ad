using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Quantization;

public class QuantizerTests
{
    private static readonly int[] Tokens = [3, 1, 4, 1, 5, 9, 2, 6];

    public static TheoryData<WeightDtype, TensorType, int, bool, bool> Sources() => new()
    {
        { WeightDtype.Q8, TensorType.F32, 1, true, false },
        { WeightDtype.Q8, TensorType.BF16, 3, true, true },
        { WeightDtype.Q8, TensorType.F16, 2, false, false },
        { WeightDtype.Q4, TensorType.F32, 2, false, true },
        { WeightDtype.Q4, TensorType.BF16, 1, false, false },
        { WeightDtype.Q4, TensorType.F16, 3, true, false },
    };

    [Theory]
    [MemberData(nameof(Sources))]
    public void The_folder_computes_what_its_source_does_in_that_type(WeightDtype type, TensorType stored, int streams, bool tied, bool sharded)
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config(streams: streams, tied: tied, hidden: 136, heads: 4, keyValueHeads: 2, intermediate: 200);
        RandomCheckpoint.Write(folder.File("float"), config, seed: 11, stored, sharded);
        QuantizeReport report = Quantizer.Run(folder.File("float"), folder.File("quantised"), type, cancellationToken: Cancel);
        Assert.InRange(report.Errors.Max(tensor => tensor.RelativeError), 1e-3, type == WeightDtype.Q8 ? 0.02 : 0.2);
        Assert.Equal(new FileInfo(folder.File("quantised/model.safetensors")).Length, report.Bytes);
        foreach (int run in streams == 1 ? (int[])[1] : [1, streams])
        {
            using LanguageModel expected = LanguageModel.Load(folder.File("float"), new LoadOptions { Dtype = type, Streams = run });
            using LanguageModel actual = LanguageModel.Load(folder.File("quantised"), new LoadOptions { Streams = run });
            Assert.Equal(type, actual.Dtype);
            Assert.Equal(type, expected.Dtype);
            Assert.Equal(expected.Logits(Tokens, Cancel).Last, actual.Logits(Tokens, Cancel).Last);
        }
    }

    [Fact]
    public void Codes_and_scales_are_aligned_and_what_stays_is_the_same_bytes()
    {
        using var folder = new TempFolder();
        using var source = Checkpoint.Open(Float(folder));
        string quantised = QuantizedFile.Make(folder, WeightDtype.Q4);
        using var copy = Checkpoint.Open(quantised);
        foreach ((string name, long[] shape) in ModelTensors.Expected(source.Config))
        {
            (SafetensorsFile file, TensorInfo info) = copy.Get(name);
            if (MatrixTypes.IsMatrix(shape) && MatrixTypes.Quantized(name, WeightDtype.Q4) is not null)
            {
                Assert.Equal(0, info.Offset % 64);
                Assert.Equal(0, copy.Get(QuantizedTensors.ScaleName(name)).Info.Offset % 64);
                continue;
            }
            (SafetensorsFile from, TensorInfo old) = source.Get(name);
            Assert.Equal(from.Bytes(old), file.Bytes(info));
        }
    }

    [Fact]
    public void Config_and_companions_travel_along()
    {
        using var folder = new TempFolder();
        string source = Float(folder), config = Path.Combine(source, "config.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(config))!;
        json["quantization_config"] = null;
        json["some_key"] = "kept";
        File.WriteAllText(config, json.ToJsonString());
        File.WriteAllText(Path.Combine(source, "generation_config.json"), "{}");
        Quantizer.Run(source, folder.File("new"), WeightDtype.Q8, cancellationToken: Cancel);
        JsonNode written = JsonNode.Parse(File.ReadAllText(folder.File("new/config.json")))!;
        Assert.Equal("kept", (string?)written["some_key"]);
        Assert.Equal("parscale", (string?)written["quantization_config"]?["quant_method"]);
        Assert.Equal("{}", File.ReadAllText(folder.File("new/generation_config.json")));
    }

    [Fact]
    public void QZ01_and_QZ02_nothing_that_cannot_be_made_again_is_replaced()
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder), source = folder.File("float");
        Expect(ErrorKind.Usage, "QZ-01", source, quantised, replace: false);
        Expect(ErrorKind.Usage, "QZ-01", source, folder.Write("file", "x"), replace: true);
        Expect(ErrorKind.Usage, "QZ-02", source, source, replace: true);
        string precious = Directory.CreateDirectory(folder.File("precious")).FullName;
        File.WriteAllText(Path.Combine(precious, "notes.txt"), "x");
        Expect(ErrorKind.Usage, "QZ-02", source, precious, replace: true);
        Assert.True(File.Exists(Path.Combine(precious, "notes.txt")));
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    public void Force_replaces_a_quantised_folder_even_when_one_of_its_files_is_damaged(string file)
    {
        using var folder = new TempFolder();
        string quantised = QuantizedFile.Make(folder);
        File.WriteAllBytes(Path.Combine(quantised, file), []);
        Quantizer.Run(folder.File("float"), quantised, WeightDtype.Q4, replace: true, cancellationToken: Cancel);
        using LanguageModel model = LanguageModel.Load(quantised);
        Assert.Equal(WeightDtype.Q4, model.Dtype);
        Assert.Equal(["float", "quantised"], Names(folder));
    }

    [Fact]
    public void QZ03_a_quantised_source_is_refused()
    {
        using var folder = new TempFolder();
        Expect(ErrorKind.Usage, "QZ-03", QuantizedFile.Make(folder), folder.File("again"), replace: false);
    }

    [Fact]
    public void ST24_a_weight_that_is_not_finite_is_refused_and_nothing_is_left()
    {
        foreach (string tensor in (string[])["model.layers.0.mlp.down_proj.weight", "model.norm.weight"])
        {
            using var folder = new TempFolder();
            string source = Float(folder);
            byte[] bytes = File.ReadAllBytes(Path.Combine(source, "model.safetensors"));
            using (var file = SafetensorsFile.Open(Path.Combine(source, "model.safetensors")))
                BitConverter.TryWriteBytes(bytes.AsSpan((int)file.Tensors[tensor].Offset + 8), float.NaN);
            File.WriteAllBytes(Path.Combine(source, "model.safetensors"), bytes);
            ParScaleException error = Expect(ErrorKind.BadInput, "ST-24", source, folder.File("new"), replace: false);
            Assert.Contains(tensor, error.Message, StringComparison.Ordinal);
            Assert.Equal(["float"], Names(folder));
        }
    }

    [Fact]
    public void QC10_where_nothing_can_be_written_nothing_is_left()
    {
        using var folder = new TempFolder();
        string source = Float(folder);
        folder.Write("file", "x");
        Expect(ErrorKind.Io, "IO-01", source, folder.File("file/new"), replace: false);
        Expect(ErrorKind.Io, "IO-01", source, folder.File("missing/new"), replace: false);
        Assert.Equal(["file", "float"], Names(folder));
    }

    [Fact]
    public void A_cancelled_run_leaves_nothing()
    {
        using var folder = new TempFolder();
        string source = Float(folder);
        using var stop = new CancellationTokenSource();
        var atOnce = new OnReport(share =>
        {
            if (share > 0.3) stop.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => Quantizer.Run(source, folder.File("new"), WeightDtype.Q8, false, atOnce, stop.Token));
        Assert.Equal(["float"], Names(folder));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void QC09_several_at_once_make_one_whole_folder(bool replace)
    {
        using var folder = new TempFolder();
        string source = Float(folder);
        int made = 0;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            try
            {
                Quantizer.Run(source, folder.File("new"), WeightDtype.Q8, replace, cancellationToken: Cancel);
                Interlocked.Increment(ref made);
            }
            catch (ParScaleException error)
            {
                Assert.True(error.Code is "IO-01" or "QZ-01", error.Message);
            }
        });
        Assert.InRange(made, 1, replace ? 4 : 1);
        Assert.Equal(["float", "new"], Names(folder));
        LanguageModel.Load(folder.File("new")).Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Float(TempFolder folder)
    {
        RandomCheckpoint.Write(folder.File("float"), RandomCheckpoint.Config(streams: 2, layers: 1), seed: 5);
        return folder.File("float");
    }

    private static string?[] Names(TempFolder folder) =>
        [.. Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)];

    private static ParScaleException Expect(ErrorKind kind, string code, string source, string target, bool replace) =>
        BadInput.Expect(kind, code, () => Quantizer.Run(source, target, WeightDtype.Q8, replace, cancellationToken: Cancel), long.MaxValue);

    private sealed class OnReport(Action<double> action) : IProgress<double>
    {
        public void Report(double value) => action(value);
    }
}
