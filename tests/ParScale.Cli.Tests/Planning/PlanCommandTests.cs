using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Planning;

public class PlanCommandTests
{
    private static readonly string[] Laptop = ["plan", "--device", "ddr5-laptop", "--memory", "8GB", "--latency", "60ms", "--context", "2048"];

    [Fact]
    public void The_winner_holds_the_limits_and_has_the_least_loss()
    {
        JsonElement json = Tool.Run([.. Laptop, "--json"]).Json();
        JsonElement winner = json.GetProperty("winner");
        Assert.True(winner.GetProperty("memory_bytes").GetDouble() <= 8e9);
        Assert.True(winner.GetProperty("decode_ms").GetDouble() <= 60);
        double[] losses = [.. json.GetProperty("ranked").EnumerateArray().Select(row => row.GetProperty("loss").GetDouble())];
        Assert.Equal(losses.Order(), losses);
        Assert.Equal(losses[0], winner.GetProperty("loss").GetDouble());
        Assert.Equal(losses.Length, json.GetProperty("within").GetInt32());
        Assert.NotEmpty(json.GetProperty("front").EnumerateArray());
        Assert.NotEmpty(json.GetProperty("reasons").EnumerateArray());
        Assert.Equal(4, json.GetProperty("streams").GetProperty("words").GetArrayLength());
        Assert.StartsWith("ParScale/ParScale-", json.GetProperty("checkpoints")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("limits").GetProperty("first_token_ms").ValueKind);
    }

    [Fact]
    public void Text_has_front_reasons_limits_of_streams_and_the_checkpoint()
    {
        string text = Tool.Run(Laptop).Out;
        foreach (string part in new[] { "front: ", "\nwhy\n", "\nwhere P stops paying\n", "\npublished\n", "Large batch: ", "Long prompts: ", "ParScale/ParScale-" })
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_published_models_when_asked()
    {
        JsonElement json = Tool.Run([.. Laptop, "--published", "--json"]).Json();
        Assert.All(json.GetProperty("ranked").EnumerateArray(), row => Assert.True(row.GetProperty("published").GetBoolean()));
    }

    [Fact]
    public void The_checkpoint_is_one_of_the_laws_data()
    {
        string[] asked = ["plan", "--device", "a100", "--size", "0.9B", "--streams", "4", "--data"];
        Assert.Equal("ParScale/ParScale-0.9B-P4-Pile", Checkpoint([.. asked, "pile", "--json"]));
        Assert.Equal("ParScale/ParScale-0.9B-P4-Python", Checkpoint([.. asked, "stack", "--json"]));

        static string? Checkpoint(string[] args) => Tool.Run(args).Json().GetProperty("checkpoints")[0].GetString();
    }

    [Fact]
    public void Rounding_loss_decides_between_formats()
    {
        string Winner(string loss) => Tool.Run("plan", "--device", "a100", "--size", "1B", "--streams", "1", "--dtype", "q8,q4", "--q8-loss", "0.01", "--q4-loss", loss, "--json")
            .Json().GetProperty("winner").GetProperty("dtype").GetString() ?? "";
        Assert.Equal("q4", Winner("0.009"));
        Assert.Equal("q8", Winner("0.011"));
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("token")]
    [InlineData("first")]
    public void Pictures_are_drawn_over_each_limit(string axis)
    {
        using var folder = new TempFolder();
        string png = Path.Combine(folder.Path, "plan.png"), svg = Path.Combine(folder.Path, "plan.svg");
        Assert.Equal(0, Tool.Run([.. Laptop, "--plot", png, "--over", axis]).Exit);
        Assert.Equal(0, Tool.Run([.. Laptop, "--plot", svg, "--over", axis]).Exit);
        Assert.Equal("PNG"u8, File.ReadAllBytes(png).AsSpan(1, 3));
        Assert.Contains("</svg>", File.ReadAllText(svg), StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void The_report_is_one_file_that_needs_nothing_else()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "plan.html");
        Assert.Equal(0, Tool.Run([.. Laptop, "--html", file]).Exit);
        string page = File.ReadAllText(file);
        Assert.StartsWith("<!DOCTYPE html>", page, StringComparison.Ordinal);
        Assert.Equal(3, Regex.Count(page, "<svg "));
        Assert.Equal(3, Regex.Count(page, "</svg>"));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("(src|href)=\"[^#]", page);
        string[] names = [.. Regex.Matches(page, " id=\"([^\"]*)\"").Select(match => match.Groups[1].Value)];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(Regex.Matches(page, @"url\(#([^)]*)\)").Select(match => match.Groups[1].Value), name => Assert.Contains(name, names));
    }

    [Fact]
    public void A_law_of_ones_own_losses_is_fitted_and_its_name_cannot_write_html()
    {
        using var folder = new TempFolder();
        string losses = Path.Combine(folder.Path, "<b>my.csv"), file = Path.Combine(folder.Path, "plan.html");
        IEnumerable<string> rows = from n in new[] { 1e8, 2e8, 4e8 }
                                   from p in new[] { 1, 2, 4 }
                                   select string.Create(CultureInfo.InvariantCulture, $"{n},{p},{1 + Math.Pow(1e6 / (n * (1 + 0.3 * Math.Log(p))), 0.2)}");
        File.WriteAllText(losses, "n,p,loss\n" + string.Join('\n', rows) + "\n");
        JsonElement json = Tool.Run([.. Laptop, "--data", losses, "--html", file, "--json"]).Json();
        Assert.Equal(0.3, json.GetProperty("law").GetProperty("k").GetDouble(), 0.02);
        Assert.True(json.GetProperty("winner").GetProperty("extrapolated").GetBoolean());
        Assert.DoesNotContain("<b>", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--plot", "plan.pdf")]
    [InlineData("--html", "plan.txt")]
    [InlineData("--html", ".")]
    [InlineData("--over", "loss")]
    public void Pictures_that_cannot_be_drawn_are_refused_first(string flag, string value) =>
        Assert.Contains(flag, Tool.Run([.. Laptop, flag, value]).Fails(2, "CL-02"), StringComparison.Ordinal);

    [Theory]
    [InlineData("--plot", "plan.png")]
    [InlineData("--html", "plan.html")]
    public void A_folder_that_is_not_there_is_named(string flag, string value) =>
        Assert.Contains(value, Tool.Run([.. Laptop, flag, Path.Combine(Path.GetTempPath(), "no-such-folder-of-ours", value)]).Fails(4, "IO-01"), StringComparison.Ordinal);

    [Fact]
    public void With_one_stream_there_is_nothing_to_compare() => Assert.Equal(JsonValueKind.Null,
        Tool.Run("plan", "--device", "a100", "--streams", "1", "--json").Json().GetProperty("streams").ValueKind);

    [Theory]
    [InlineData("limit on memory", "100 MB", "--memory", "100MB")]
    [InlineData("limit on time of a token", "0.01 ms", "--latency", "10us")]
    [InlineData("limit on time to the first token", "1.00 ms", "--first-token", "1ms")]
    public void PL_01_impossible_limits_are_named_with_what_is_missing(string limit, string allowed, string flag, string value)
    {
        string error = Tool.Run("plan", "--device", "m4", flag, value).Fails(2, "PL-01");
        Assert.Contains(limit, error, StringComparison.Ordinal);
        Assert.Contains($"more than {allowed}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CL-02", "--memory", "8")]
    [InlineData("CL-02", "--memory", "8gb")]
    [InlineData("CL-02", "--memory", "60ms")]
    [InlineData("CL-02", "--latency", "60")]
    [InlineData("CL-02", "--latency", "-1ms")]
    [InlineData("CL-02", "--first-token", "soon")]
    [InlineData("CL-02", "--context", "1")]
    [InlineData("CL-02", "--output", "2048")]
    [InlineData("CL-02", "--q4-loss", "much")]
    [InlineData("CL-02", "--data", "stak")]
    [InlineData("PL-02", "--device", "abacus")]
    public void Wrong_values_are_refused_in_one_line_that_names_the_flag(string code, string flag, string value) =>
        Assert.Contains(flag, Tool.Run("plan", flag, value).Fails(2, code), StringComparison.Ordinal);

    [Fact]
    public void Published_without_a_published_size_is_refused() =>
        Tool.Run("plan", "--device", "m4", "--published", "--size", "2B").Fails(2, "CL-02");
}
