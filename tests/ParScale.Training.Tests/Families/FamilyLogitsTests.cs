using System.Globalization;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Modules;

namespace ParScale.Training.Tests.Families;

/// <summary>The model that is trained against the engine, and in float64 against the tests' own oracle, in every family.</summary>
public sealed class FamilyLogitsTests(ITestOutputHelper output)
{
    private const int Length = 20;
    private const double Allowed = 1e-5;

    public static TheoryData<string, int> Random => FamilyCases.Random;

    public static TheoryData<string> Names => [.. FamilyConfigs.Names];

    public static TheoryData<string> GoldenFolders => FamilyCases.GoldenFolders;

    [Theory]
    [MemberData(nameof(Random))]
    public void The_engine_and_the_oracle_give_the_trained_models_logits(string name, int streams) => Compare(name, streams, anchored: false);

    [Theory]
    [MemberData(nameof(Names))]
    public void They_give_those_of_an_anchor_and_its_helpers(string name) => Compare(name, 3, anchored: true);

    [Theory]
    [MemberData(nameof(GoldenFolders))]
    public void Golden_checkpoints_get_their_logits(string name)
    {
        (string folder, int[] tokens, double[] golden) = FamilyCases.Golden(name);
        using ParScaleLm model = ModelFolder.Load(folder);
        double largest = golden.Max(Math.Abs);
        double[] trained = Float64.Run(model, tokens);
        double error = Rounding.Distance(golden, trained) / largest, fromEngine = Rounding.Distance(FamilyCases.Engine(folder, tokens), trained) / largest;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {error:E1} of the largest logit, {fromEngine:E1} from the engine"));
        Assert.InRange(error, 0, Allowed);
        Assert.InRange(fromEngine, 0, Allowed);
    }

    [Theory]
    [MemberData(nameof(Random))]
    public void Parameters_are_the_tensors_that_a_checkpoint_is_loaded_as(string name, int streams)
    {
        CheckpointConfig config = FamilyConfigs.Read(name, streams);
        using var model = new ParScaleLm(config);
        string[] expected = [.. ModelTensors.Loaded(config).Select(t => $"{t.Name} [{string.Join(", ", t.Shape)}]").Order()];
        Assert.Equal(expected, model.named_parameters().Select(p => $"{p.name} [{string.Join(", ", p.parameter.shape)}]").Order());
        // A norm does nothing at first, whatever is added to its weights.
        float one = (float)(1 - config.Model.NormOffset);
        foreach ((string tensor, var parameter) in model.named_parameters().Where(p => ModelTensors.IsNorm(p.name)))
            Assert.True(parameter.eq(one).all().item<bool>(), tensor);
    }

    private void Compare(string name, int streams, bool anchored)
    {
        using var folder = new TempFolder();
        int vocabulary = FamilyConfigs.Write(folder.Path, name, streams, seed: 3, anchored).Model.VocabularySize;
        int[] tokens = FamilyCases.Tokens(Length, vocabulary);
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        double[] oracle = [.. Oracle.Of(checkpoint).Logits(tokens).SelectMany(row => row)];
        using ParScaleLm model = ModelFolder.Load(folder.Path), exact = Float64.Widen(model);
        double largest = oracle.Max(Math.Abs);
        Assert.InRange(Rounding.Distance(oracle, Float64.Run(exact, tokens)) / largest, 0, 1e-12);
        double error = Rounding.Distance(FamilyCases.Engine(folder.Path, tokens), Float64.Run(model, tokens)) / largest;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} P={streams} anchored={anchored}: {error:E1} of the largest logit"));
        Assert.InRange(error, 0, Allowed);
    }
}
