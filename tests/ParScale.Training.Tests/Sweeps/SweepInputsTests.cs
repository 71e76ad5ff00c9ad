using ParScale.Training.Sweeps;

namespace ParScale.Training.Tests.Sweeps;

/// <summary>The hash of a run's settings and inputs, by which rows of a table are known.</summary>
public sealed class SweepInputsTests
{
    private static readonly SweepInputs Inputs = new("data", "tokenizer", null, 1);

    [Theory]
    [InlineData("\"lr\": 3e-3", "\"lr\": 0.003")]
    [InlineData("\"clip\": 1", "\"clip\": 1.0")]
    [InlineData("\"streams\": 4, \"elastic\": \"all\"", "\"elastic\": \"1, 2,4\", \"streams\": 4")]
    [InlineData("\"elastic\": \"all\"", "\"elastic\": \"4,2,1\"")]
    [InlineData("\"lr\": 1", "\"lr\": 1, \"keep\": 5, \"sample_prompt\": \"the\", \"sample_tokens\": 3")]
    public void How_a_setting_is_written_and_what_changes_no_result_do_not_count(string one, string other)
    {
        string hash = Inputs.With(Run(one));
        Assert.Equal(hash, Inputs.With(Run(other)));
        Assert.True(Inputs.AreOf(Run(other), hash));
    }

    [Theory]
    [InlineData("\"lr\": 3e-3", "\"lr\": 3e-4")]
    [InlineData("\"streams\": 4, \"elastic\": \"all\"", "\"streams\": 4, \"elastic\": \"1,4\"")]
    [InlineData("\"from\": \"m\", \"elastic\": \"none\"", "\"from\": \"m\"")]
    [InlineData("\"init\": \"text\"", "\"init\": \"paper\"")]
    public void Other_values_count(string one, string other)
    {
        string hash = Inputs.With(Run(one));
        Assert.NotEqual(hash, Inputs.With(Run(other)));
        Assert.False(Inputs.AreOf(Run(other), hash));
        Assert.False((Inputs with { Threads = 2 }).AreOf(Run(one), hash));
    }

    [Fact]
    public void Rows_of_the_study_from_before_are_still_those_of_their_plan()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ParScale.slnx"))) root = root.Parent;
        string study = Path.Combine(root!.FullName, "docs", "study", "two-stages");
        // Of the data that docs/study/two-stages/run.sh makes, and of the plain model of seed 101.
        var inputs = new SweepInputs(
            "66b2531587b506c0eace64674da2b6dbe6c08ac62e7f5ea828f48f00d4eb9814", "50cfe57c44aadb3ad9e2087878ea46d526623aa172871b37c2cc3bb1d80c1752",
            "0b192a8140f3db0e85c45bbae4b13553", 1);
        var rows = SweepTable.Read(Path.Combine(study, "sum3-results.csv"));
        SweepRun[] runs = [.. new SweepPlan(SweepFile.Read(Path.Combine(study, "sum3-second.json"))).Runs.Where(run => run.Name.EndsWith("-s1", StringComparison.Ordinal)
            && !run.Model!.StartsWith("wide", StringComparison.Ordinal) && rows.ContainsKey(run.Name))];
        Assert.InRange(runs.Length, 6, 7);
        foreach (SweepRun run in runs)
        {
            Assert.True(inputs.AreOf(run, rows[run.Name]["settings"]), run.Name);
            Assert.False((inputs with { From = null }).AreOf(run, rows[run.Name]["settings"]), run.Name);
        }
    }

    private static SweepRun Run(string settings)
    {
        using var folder = new TempFolder();
        string path = folder.Write("sweep.json", $$"""{ "base": { {{settings}} }, "grid": { "seed": [1] } }""");
        return Assert.Single(new SweepPlan(SweepFile.Read(path)).Runs);
    }
}
