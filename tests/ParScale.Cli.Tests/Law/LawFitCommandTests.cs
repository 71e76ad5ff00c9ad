using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Law;

public class LawFitCommandTests
{
    [Theory]
    [InlineData("stack", 0.6913, 1.1306e7, 0.1894, 0.3935, 0.9978)]
    [InlineData("pile", 1.2889, 1.9727e8, 0.1964, 0.3344, 0.9987)]
    public void The_published_figures_come_out(string data, double e, double a, double alpha, double k, double r2)
    {
        JsonElement json = Tool.Run("law", "fit", "--data", data, "--json").Json();
        Within(e, json, "e");
        Within(a, json, "a");
        Within(alpha, json, "alpha");
        Within(k, json, "k");
        Assert.Equal(r2, json.GetProperty("r2").GetDouble(), 5e-5);
        Assert.Equal(24, json.GetProperty("points").GetInt32());
    }

    [Fact]
    public void Json_holds_residuals_intervals_rivals_and_open_questions()
    {
        JsonElement json = Tool.Run("law", "fit", "--data", "stack", "--bootstrap", "20", "--seed", "3", "--json").Json();
        JsonElement largest = json.GetProperty("residuals")[5];
        Assert.Equal((4353203200, 1, 1.0213), (largest.GetProperty("n").GetInt64(), largest.GetProperty("p").GetInt32(), largest.GetProperty("loss").GetDouble()));
        Assert.Equal(largest.GetProperty("predicted").GetDouble() - 1.0213, largest.GetProperty("error").GetDouble(), 1e-12);

        JsonElement intervals = json.GetProperty("intervals");
        Assert.Equal((0.95, 20, 3), (intervals.GetProperty("level").GetDouble(), intervals.GetProperty("samples").GetInt32(), intervals.GetProperty("seed").GetInt32()));
        Assert.True(intervals.GetProperty("alpha").GetProperty("low").GetDouble() < intervals.GetProperty("alpha").GetProperty("high").GetDouble());

        Assert.Equal(["log", "correlation", "saturating"], json.GetProperty("forms").EnumerateArray().Select(form => form.GetProperty("name").GetString()));
        JsonElement saturating = json.GetProperty("forms")[2];
        Assert.True(saturating.GetProperty("aicc").GetDouble() < json.GetProperty("forms")[0].GetProperty("aicc").GetDouble());
        Assert.True(saturating.GetProperty("parameters").GetProperty("beta").GetDouble() > 0);
        Assert.Equal(3, json.GetProperty("extrapolation").GetArrayLength());
        Assert.True(json.GetProperty("extrapolation")[0].GetProperty("rms_error").GetDouble() > 0);
        Assert.Contains(json.GetProperty("open_questions").EnumerateArray(), sentence => (sentence.GetString() ?? "").Contains("do not determine", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_of_ones_own_gives_the_same_as_the_built_in_table()
    {
        using var folder = new TempFolder();
        JsonElement built = Tool.Run("law", "fit", "--data", "pile", "--bootstrap", "0", "--json").Json();
        string rows = string.Concat(built.GetProperty("residuals").EnumerateArray()
            .Select(row => $"run,{row.GetProperty("p").GetRawText()},{row.GetProperty("n").GetRawText()},{row.GetProperty("loss").GetRawText()}\n"));
        JsonElement own = Tool.Run("law", "fit", "--data", folder.Write("own.csv", "name,p,n,loss\n" + rows), "--bootstrap", "0", "--json").Json();
        Assert.Equal(built.GetProperty("a").GetDouble(), own.GetProperty("a").GetDouble());
        Assert.Equal("own.csv", own.GetProperty("data").GetString());
        Assert.Equal(JsonValueKind.Null, own.GetProperty("intervals").ValueKind);
    }

    [Fact]
    public void Models_of_a_sweep_that_were_trained_in_different_ways_are_chosen_by_name()
    {
        using var folder = new TempFolder();
        string table = folder.Write("sweep.csv", """
            name,model,n,p,loss,seed,stream_kind
            plain-s1,plain,1e8,1,3.0,1,plain
            plain-s2,plain,1e8,1,3.2,2,plain
            p4-s1,p4,1.2e8,4,2.8,1,ordinary
            p4_small_start-s1,p4_small_start,1.2e8,4,2.6,1,ordinary
            large-s1,large,1e9,1,2.5,1,plain
            large_p4-s1,large_p4,1.1e9,4,2.3,1,ordinary
            """);
        string[] fit = ["law", "fit", "--bootstrap", "0", "--json", "--data", table];
        string line = Tool.Run(fit).Fails(3, "LW-05");
        Assert.Contains("in the models p4 and p4_small_start", line, StringComparison.Ordinal);
        Assert.Contains("--models", line, StringComparison.Ordinal);
        JsonElement json = Tool.Run([.. fit, "--models", "plain, p4, large,large_p4"]).Json();
        Assert.Equal([3.1, 2.8, 2.5, 2.3], json.GetProperty("residuals").EnumerateArray().Select(point => Math.Round(point.GetProperty("loss").GetDouble(), 9)));
        Assert.Contains("found: plain, p4, p4_small_start, large, large_p4", Tool.Run([.. fit, "--models", "p5"]).Fails(3, "LW-02"), StringComparison.Ordinal);
        Assert.Contains("--models", Tool.Run("law", "fit", "--data", "pile", "--models", "plain").Fails(2, "CL-02"), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_says_the_same_in_tables()
    {
        Outcome run = Tool.Run("law", "fit", "--data", "pile", "--bootstrap", "20");
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Contains("Pile, 24 points, R2 0.9987", run.Out, StringComparison.Ordinal);
        Assert.Contains("k           0.3344   0.3", run.Out, StringComparison.Ordinal);
        Assert.Contains("4.353B     1   1.8451      1.8335   -0.0116", run.Out, StringComparison.Ordinal);
        Assert.All(run.Out.Split('\n'), line => Assert.InRange(line.Length, 0, 110));
    }

    [Theory]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,2.5\n1e10,1,x\n", 3, "LW-03", "losses.csv: line 4: loss: \"x\" is not a number")]
    [InlineData("n,p,loss\n1e8,1,3\n1.6Bn,1,2.5\n", 3, "LW-03", "losses.csv: line 3: n: \"1.6Bn\" has a unit that is not K, M, B or T")]
    [InlineData("n,loss\n1e8,3\n", 3, "LW-02", "losses.csv: line 1: there is no column p")]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,2.5\n1e10,1,2.2\n1e11,1,2\n", 3, "LW-06", "losses.csv: every point has p = 1")]
    [InlineData("n,p,loss\n1e8,1,2\n1e9,1,2.5\n1e8,2,2.2\n1e9,2,2.8\n", 3, "LW-08", "losses.csv: the losses do not fall")]
    public void Bad_files_are_named_with_the_line(string text, int exit, string code, string start)
    {
        using var folder = new TempFolder();
        Assert.StartsWith($"parscale: error {code}: {start}", Tool.Run("law", "fit", "--data", folder.Write("losses.csv", text)).Fails(exit, code), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_files_and_misspelt_names_are_told_apart()
    {
        Tool.Run("law", "fit", "--data", "no/such.csv").Fails(3, "IN-01");
        Assert.Contains("did you mean stack?", Tool.Run("law", "fit", "--data", "stak").Fails(2, "CL-02"), StringComparison.Ordinal);
        Assert.Contains("--data stack", Tool.Run("law", "fit").Fails(2, "CL-02"), StringComparison.Ordinal);
    }

    private static void Within(double expected, JsonElement json, string name)
    {
        double found = json.GetProperty(name).GetDouble();
        Assert.True(Math.Abs(found - expected) <= 0.005 * expected, $"{name} is {found:R}, expected {expected:R} within 0.5 %");
    }
}
