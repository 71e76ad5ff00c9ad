using System.Text;
using ParScale.Checkpoints;
using ParScale.Configuration;

namespace ParScale.Tests.Families;

/// <summary>Tiny random checkpoints of every family, plain and with streams, against the float64 oracle of the tests.</summary>
public sealed class FamilyOracleTests : IDisposable
{
    private const int Length = 24;
    private readonly TempFolder _folder = new();

    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string name in FamilyConfigs.Names)
                foreach (int streams in new[] { 1, 3 }) data.Add(name, streams);
            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Prefill_decode_and_any_split_match_the_oracle(string name, int streams)
    {
        CheckpointConfig config = FamilyConfigs.Write(_folder.Path, name, streams, seed: 3);
        int[] tokens = FamilyRun.Tokens(Length, config.Model.VocabularySize);
        using LanguageModel model = LanguageModel.Load(_folder.Path, new LoadOptions { Threads = 2 });
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        (double[] exact, double allowed) = Oracle.Logits(checkpoint, tokens);
        double[][] expected = [.. exact.Chunk(config.Model.VocabularySize)];
        Assert.True(allowed <= 1e-4 * exact.Max(Math.Abs), $"{name}: rounding alone moves the logits by {allowed:e2}");
        double worst = FamilyRun.WorstError(model, tokens, expected, allowed);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name} P={streams}: {worst / exact.Max(Math.Abs):e2} of the largest logit");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_written_config_is_the_same_model(string name, int streams)
    {
        CheckpointConfig config = FamilyConfigs.Read(name, streams);
        CheckpointConfig read = CheckpointConfig.Parse(Encoding.UTF8.GetBytes(config.ToJson()), "config.json");
        Assert.Equal(config.Model with { EndOfTextIds = read.Model.EndOfTextIds }, read.Model);
        Assert.Equal((config.ModelType, config.Architecture, config.Streams), (read.ModelType, read.Architecture, read.Streams));
        Assert.Empty(read.Notices);
        Assert.Equal(config.ToJson(), read.ToJson());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_batch_with_any_P_gives_the_bits_of_the_solo_run(string name, int streams)
    {
        FamilyConfigs.Write(_folder.Path, name, streams, seed: 4);
        FamilyRun.CompareBatchWithSolo(_folder.Path);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_quantized_folder_runs_as_the_floats_do_when_they_are_quantized_at_loading(string name, int streams)
    {
        string source = _folder.File("float"), target = _folder.File("q8");
        CheckpointConfig config = FamilyConfigs.Write(source, name, streams, seed: 5);
        FamilyRun.CompareQuantized(source, target, FamilyRun.Tokens(Length, config.Model.VocabularySize));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Parameters_are_those_of_the_file(string name, int streams)
    {
        CheckpointConfig config = FamilyConfigs.Write(_folder.Path, name, streams);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        Assert.Equal(ModelTensors.Expected(config).Sum(tensor => checkpoint.Get(tensor.Name).Info.ByteLength / sizeof(float)), config.Parameters);
    }
}
