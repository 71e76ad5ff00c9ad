using ParScale.Training.Sweeps;

namespace ParScale.Training.Tests.Sweeps;

public sealed class SweepPlanTests
{
    [Fact]
    public void What_stands_first_changes_slowest_and_names_begin_with_the_model()
    {
        SweepPlan plan = Plan("""
            { "base": { "lr": 1e-3, "steps": 5 }, "grid": { "seed": [1, 2], "streams": [1, 4] }, "models": [{ "name": "S", "steps": 7 }, { "name": "M" }] }
            """);
        Assert.Equal(["S-p1-s1", "M-p1-s1", "S-p4-s1", "M-p4-s1", "S-p1-s2", "M-p1-s2", "S-p4-s2", "M-p4-s2"], plan.Runs.Select(run => run.Name));
        Assert.Equal("7", Assert.Single(plan.Runs[0].Values, value => value.Key == "steps").Text);
        Assert.Equal("5", Assert.Single(plan.Runs[1].Values, value => value.Key == "steps").Text);
    }

    [Fact]
    public void A_path_may_name_the_seed_of_its_run()
    {
        SweepPlan plan = Plan("""
            { "base": { "from": "first/plain-s{seed}/final", "sample_prompt": "{seed}" }, "grid": { "seed": [1, 2] }, "models": [{ "name": "A" }, { "name": "B", "from": "x{seed}{seed}" }] }
            """);
        string From(int run) => Assert.Single(plan.Runs[run].Values, value => value.Key == "from").Text;
        Assert.Equal(["first/plain-s1/final", "x11", "first/plain-s2/final", "x22"], Enumerable.Range(0, 4).Select(From));
        Assert.All(plan.Runs, run => Assert.Equal("{seed}", Assert.Single(run.Values, value => value.Key == "sample_prompt").Text));
    }

    [Theory]
    [InlineData("{ \"bse\": {} }", "RC-02", "\"bse\" is not a known key; did you mean base?")]
    [InlineData("{ \"base\": 3 }", "RC-04", "\"base\" must be an object, not the number 3")]
    [InlineData("{ \"base\": { \"stream\": 1 } }", "RC-02", "\"base.stream\" is not a known key; did you mean streams?")]
    [InlineData("{ \"base\": { \"output\": \"x\" } }", "RC-02", "\"base.output\" is not a known key")]
    [InlineData("{ \"base\": { \"lr\": 1, \"lr\": 2 } }", "RC-03", "\"base.lr\" appears twice")]
    [InlineData("{ \"base\": { \"lr\": 1 } }", "SW-01", "makes no runs")]
    [InlineData("{ \"grid\": {} }", "SW-01", "makes no runs")]
    [InlineData("{ \"grid\": { \"streams\": [] } }", "SW-01", "\"grid.streams\" is an empty list")]
    [InlineData("{ \"models\": [] }", "SW-01", "\"models\" is an empty list")]
    [InlineData("{ \"grid\": { \"streams\": 4 } }", "RC-04", "\"grid.streams\" must be a list, not the number 4")]
    [InlineData("{ \"grid\": { \"streams\": [1, \"2\"] } }", "RC-04", "\"grid.streams\" must be a whole number, 1 or more, not the text \"2\"")]
    [InlineData("{ \"grid\": { \"seed\": [1, 2, 1] } }", "SW-02", "\"grid.seed\" gives two runs the name \"s1\"")]
    [InlineData("{ \"models\": [{ \"name\": \"S\" }, { \"name\": \"s\" }] }", "SW-02", "\"models\" gives two runs the name \"s\"")]
    [InlineData("{ \"models\": [{ \"hidden\": 16 }] }", "RC-04", "\"models[0].name\" must be there")]
    [InlineData("{ \"models\": [{ \"name\": \"../up\" }] }", "RC-04", "\"models[0].name\" must be there")]
    [InlineData("{ \"models\": [{ \"name\": \"..\" }] }", "RC-04", "\"models[0].name\" must be there")]
    [InlineData("{ \"models\": [{ \"name\": \"S\", \"hiden\": 3 }] }", "RC-02", "\"models[0].hiden\" is not a known key; did you mean hidden?")]
    [InlineData("{ \"base\": { \"seed\": 1 }, \"grid\": { \"seed\": [1, 2] } }", "SW-03", "\"grid.seed\" stands in \"base\" too")]
    [InlineData("{ \"base\": { \"recompute\": true, \"activation_checkpointing\": true } }", "RC-03", "\"base.activation_checkpointing\" is given under its former name too")]
    [InlineData("{ \"base\": { \"recompute\": true }, \"grid\": { \"activation_checkpointing\": [true] } }", "SW-03", "\"grid.activation_checkpointing\" stands in \"base\" too")]
    [InlineData("{ \"grid\": { \"recompute\": [true], \"activation_checkpointing\": [true] } }", "SW-03", "stands in \"grid\" too")]
    [InlineData("{ \"models\": [{ \"name\": \"S\", \"lr\": 1 }], \"grid\": { \"lr\": [1] } }", "SW-03", "\"grid.lr\" stands in \"models\" too")]
    [InlineData("{ \"base\": { \"from\": \"s{seed}\" }, \"grid\": { \"streams\": [1] } }", "SW-11", "\"from\" names {seed}, and the runs have no seed")]
    public void A_bad_file_is_refused_with_its_key(string text, string code, string message)
    {
        ParScaleException problem = Assert.Throws<ParScaleException>(() => Plan(text));
        Assert.Equal(code, problem.Code);
        Assert.StartsWith("sweep.json: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("samples/sweep.json", 24)]
    [InlineData("docs/study/screening.json", 24)]
    [InlineData("docs/study/stage2/khop.json", 42)]
    [InlineData("docs/study/stage2/reach.json", 48)]
    [InlineData("docs/study/stage2/sum3.json", 42)]
    [InlineData("docs/study/stage2/text.json", 42)]
    [InlineData("docs/study/two-stages/code-first.json", 12)]
    [InlineData("docs/study/two-stages/code-second.json", 54)]
    [InlineData("docs/study/two-stages/sum3-first.json", 20)]
    [InlineData("docs/study/two-stages/sum3-second.json", 90)]
    [InlineData("docs/study/two-stages/sum3-starts.json", 16)]
    public void The_example_and_the_plans_of_the_study_are_sweeps(string path, int runs)
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ParScale.slnx"))) root = root.Parent;
        Assert.NotNull(root);
        Assert.Equal(runs, new SweepPlan(SweepFile.Read(Path.Combine(root.FullName, path))).Runs.Count);
    }

    [Fact]
    public void There_is_an_end_to_the_number_of_runs()
    {
        string list = string.Join(',', Enumerable.Range(1, 200));
        Assert.Equal("SW-01", Assert.Throws<ParScaleException>(() => Plan($$"""{ "grid": { "seed": [{{list}}], "streams": [{{list}}] } }""")).Code);
    }

    private static SweepPlan Plan(string text)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("sweep.json"), text);
        return new SweepPlan(SweepFile.Read(folder.File("sweep.json")));
    }
}
