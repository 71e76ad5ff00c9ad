using System.Text;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Tests.Model;

/// <summary>One checkpoint that runs with its first P' streams: against float64, and to the bit against a folder that holds only those.</summary>
public sealed class ElasticTests : IDisposable
{
    private static readonly int[] Tokens = [3, 17, 4, 44, 9, 0, 21, 21, 8, 30, 2, 49];
    private static readonly int[] Counts = [1, 2, 3, 5];

    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_cut_is_the_independent_model_of_its_own()
    {
        string folder = Write(TensorType.F32);
        using LanguageModel model = LanguageModel.Load(folder);
        Assert.Equal(["p1", "p2", "p3", "p5"], model.StreamSets.Select(set => set.Name));
        Assert.Equal(5, model.Streams.Count);
        foreach (int count in Counts)
        {
            using Checkpoint cut = Checkpoint.Open(Cut(folder, count));
            (double[] expected, double allowed) = Oracle.Logits(cut, Tokens);
            int vocabulary = model.Config.VocabularySize;
            Assert.InRange(Compare.Distance(expected[^vocabulary..], model.Logits(Tokens, count, Stop).Last), 0, allowed);
        }
    }

    [Theory]
    [InlineData(TensorType.F32, null)]
    [InlineData(TensorType.BF16, null)]
    [InlineData(TensorType.F16, null)]
    [InlineData(TensorType.BF16, WeightDtype.Q8)]
    [InlineData(TensorType.F32, WeightDtype.Q4)]
    public void A_cut_gives_the_bits_of_a_folder_that_holds_only_it(TensorType stored, WeightDtype? type)
    {
        string folder = Write(stored);
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Dtype = type });
        foreach (int count in Counts)
        {
            using LanguageModel cut = LanguageModel.Load(Cut(folder, count), new LoadOptions { Dtype = type });
            Assert.Equal(cut.Logits(Tokens, Stop).Last, model.Logits(Tokens, count, Stop).Last);
        }
    }

    [Fact]
    public void The_streams_that_are_asked_for_when_it_is_loaded_are_where_requests_start()
    {
        string folder = Write(TensorType.F32);
        using LanguageModel two = LanguageModel.Load(folder, new LoadOptions { Streams = 2 }), all = LanguageModel.Load(folder);
        Assert.Equal(2, two.Streams.Count);
        Assert.Equal(all.Logits(Tokens, 2, Stop).Last, two.Logits(Tokens, Stop).Last);
        Assert.Equal(all.Logits(Tokens, Stop).Last, two.Logits(Tokens, 5, Stop).Last);
        Assert.Equal("CL-09", Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder, new LoadOptions { Streams = 4 })).Code);
    }

    [Fact]
    public void Without_the_key_only_all_streams_and_one_run()
    {
        string folder = _folder.File("ordinary");
        RandomCheckpoint.Write(folder, RandomCheckpoint.Config(5), seed: 3);
        using LanguageModel model = LanguageModel.Load(folder);
        Assert.Equal([1, 5], model.StreamSets.Select(set => set.Count));
        var refused = Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder, new LoadOptions { Streams = 2 }));
        Assert.Equal(("CL-09", ErrorKind.Usage), (refused.Code, refused.Kind));
    }

    [Fact]
    public void A_quantised_folder_keeps_the_key_and_runs_every_cut_closely()
    {
        string folder = Write(TensorType.F32);
        Quantizer.Run(folder, _folder.File("q8"), WeightDtype.Q8, cancellationToken: Stop);
        using LanguageModel packed = LanguageModel.Load(_folder.File("q8")), floats = LanguageModel.Load(folder, new LoadOptions { Dtype = WeightDtype.Q8 });
        Assert.Equal(Counts, packed.StreamSets.Select(set => set.Count));
        foreach (int count in Counts)
        {
            float[] exact = floats.Logits(Tokens, count, Stop).Last, found = packed.Logits(Tokens, count, Stop).Last;
            // Only the cut aggregator is rounded twice.
            Assert.InRange(Compare.RelativeError(exact.Select(value => (double)value), found), 0, count is 1 or 5 ? 0 : 0.02);
        }
    }

    [Theory]
    [InlineData("[1, 2, 4]", "1,2,4", null)]
    [InlineData("[4, 2.0, 2, 1]", "1,2,4", null)]
    [InlineData("[]", "", null)]
    [InlineData("null", "", null)]
    [InlineData("[1, 8]", null, "CF-11")]
    [InlineData("[0, 4]", null, "CF-11")]
    [InlineData("4", null, "CF-04")]
    [InlineData("[\"2\"]", null, "CF-04")]
    public void The_key_is_a_list_of_numbers_up_to_P(string json, string? counts, string? code)
    {
        string text = RandomCheckpoint.Config(4).ToJson().TrimEnd().TrimEnd('}') + $", \"parscale_elastic\": {json}}}";
        CheckpointConfig Parse() => CheckpointConfig.Parse(Encoding.UTF8.GetBytes(text), "config.json");
        if (code is not null)
        {
            var refused = Assert.Throws<ParScaleException>(Parse);
            Assert.Equal(code, refused.Code);
            Assert.Contains("parscale_elastic", refused.Message, StringComparison.Ordinal);
            return;
        }
        CheckpointConfig config = Parse();
        Assert.Equal(counts, string.Join(',', config.Streams.Elastic));
        Assert.Empty(config.Notices);
        Assert.Equal(config.Streams.Elastic, CheckpointConfig.Parse(Encoding.UTF8.GetBytes(config.ToJson()), "config.json").Streams.Elastic);
    }

    [Fact]
    public void The_golden_cuts_match()
    {
        if (SharedFolder.Find("golden-streams", "elastic-p8") is not { } golden)
        {
            Assert.Skip("needs the folder shared/golden-streams beside the repository");
            return;
        }
        string folder = _folder.File("golden");
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(golden)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        CutCheckpoint.MakeElastic(folder, 1, 2, 4, 8);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(golden, "expected.json")));
        int[] tokens = expected.RootElement.GetProperty("tokens").Deserialize<int[]>()!;
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Dtype = WeightDtype.F32 });
        foreach (int count in (int[])[1, 2, 4, 8])
        {
            double[][] logits = expected.RootElement.GetProperty("logits").GetProperty(FormattableString.Invariant($"{count}")).Deserialize<double[][]>()!;
            var found = new List<float>();
            using (Session session = model.CreateSession(tokens.Length, count))
                session.Append(tokens, (_, row) => found.AddRange(row.ToArray()), Stop);
            double error = Compare.Distance(logits.SelectMany(row => row), found);
            TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"P' = {count}: max |logit error| = {error:e2}"));
            Assert.InRange(error, 0, 1e-5);
        }
    }

    private string Write(TensorType type)
    {
        string folder = _folder.File("elastic");
        RandomCheckpoint.Write(folder, RandomCheckpoint.Config(5, hidden: 32), seed: 9, type);
        CutCheckpoint.MakeElastic(folder, Counts);
        return folder;
    }

    private string Cut(string folder, int count)
    {
        string cut = _folder.File(FormattableString.Invariant($"cut{count}"));
        if (!Directory.Exists(cut)) CutCheckpoint.Write(folder, cut, count);
        return cut;
    }
}
