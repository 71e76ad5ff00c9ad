using System.Globalization;
using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests;

/// <summary>Rows CL-01 to CL-03 of the catalogue, and what every command shares.</summary>
public class CommandLineTests(TinyModel model)
{
    public static TheoryData<string[], string> Typos => new()
    {
        { ["genrate", "-p", "x"], "generate" },
        { ["inspct"], "inspect" },
        { ["generate", "--tmep", "1", "-p", "x"], "--temp" },
        { ["generate", "--jsn", "-p", "x"], "--json" },
        { ["generate", "--no_echo", "-p", "x"], "--no-echo" },
        { ["score", "--fil=x"], "--file" },
        { ["--versoin"], "--version" },
    };

    [Theory]
    [MemberData(nameof(Typos))]
    public void CL_01_unknown_names_get_the_nearest_known_one(string[] args, string nearest) =>
        Assert.Contains($"did you mean {nearest}?", Tool.Run(args).Fails(2, "CL-01"), StringComparison.Ordinal);

    [Theory]
    [InlineData("generate", "-p", "x", "--zzzzzz")]
    [InlineData("generate", "-p", "two", "words")]
    [InlineData("zzzzzz")]
    public void CL_01_names_far_from_all_are_still_one_line(params string[] args) => Tool.Run(args).Fails(2, "CL-01");

    [Theory]
    [InlineData]
    [InlineData("--json")]
    [InlineData("generate")]
    [InlineData("generate", "-p")]
    [InlineData("generate", "-p", "x", "-n", "abc")]
    [InlineData("generate", "-p", "x", "-n", "0")]
    [InlineData("generate", "-p", "x", "-n", "-1")]
    [InlineData("generate", "-p", "x", "-n", "1", "-n", "2")]
    [InlineData("generate", "-p", "x", "-n", "99999999999")]
    [InlineData("generate", "-p", "x", "--threads", "0")]
    [InlineData("generate", "-p", "x", "--threads", "-1")]
    [InlineData("generate", "-p", "x", "--threads", "1000000")]
    [InlineData("generate", "-p", "x", "--streams", "0")]
    [InlineData("generate", "-p", "x", "--streams", "65")]
    [InlineData("generate", "-p", "x", "--temp", "-0.1")]
    [InlineData("generate", "-p", "x", "--temp", "NaN")]
    [InlineData("generate", "-p", "x", "--temp", "0,5")]
    [InlineData("generate", "-p", "x", "--top-p", "0")]
    [InlineData("generate", "-p", "x", "--top-p", "1.01")]
    [InlineData("generate", "-p", "x", "--top-k", "-1")]
    [InlineData("generate", "-p", "x", "--min-p", "2")]
    [InlineData("generate", "-p", "x", "--repeat-penalty", "0")]
    [InlineData("generate", "-p", "x", "--seed", "-1")]
    [InlineData("generate", "-p", "x", "--seed", "18446744073709551616")]
    [InlineData("generate", "-p", "x", "--stop", "")]
    [InlineData("generate", "-p", "x", "--dtype", "f64")]
    [InlineData("generate", "-p", "x", "--kv", "q4")]
    [InlineData("generate", "-p", "x", "--tokens", "1,2")]
    [InlineData("score", "-p", "x", "--file", "y")]
    [InlineData("generate", "-p", "x", "-m", "")]
    public void CL_02_missing_and_bad_values_are_one_line(params string[] args) => Tool.Run(args).Fails(2, "CL-02");

    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    [InlineData("q8")]
    public void Every_cache_runs(string type)
    {
        double exact = Nll("f32"), rounded = Nll(type);
        Assert.InRange(Math.Abs(rounded - exact) / exact, type == "f32" ? 0 : 1e-9, type == "f32" ? 0 : 0.1);

        double Nll(string cache) =>
            Tool.Run("score", "-m", model.Folder, "--tokens", "1,2,3,4,5", "--kv", cache, "--json").Json().GetProperty("nll").GetDouble();
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    [InlineData("q8")]
    [InlineData("q4")]
    public void Every_format_runs(string type)
    {
        Outcome outcome = Tool.Run("score", "-m", model.Folder, "--tokens", "1,2,3,4,5", "--dtype", type, "--json");
        Assert.InRange(outcome.Json().GetProperty("nll").GetDouble(), 1, 20);
    }

    [Fact]
    public void Empty_text_has_no_logits() => Tool.Run("logits", "-m", model.Folder, "-p", "").Fails(2, "CL-02");

    [Fact]
    public void Streams_that_the_checkpoint_lacks_are_refused() =>
        Assert.Contains("5 streams", Tool.Run("generate", "-m", model.Folder, "-p", "x", "--streams", "5").Fails(2, "CL-09"), StringComparison.Ordinal);

    [Fact]
    public void CL_03_model_folder_missing_or_a_file_or_empty()
    {
        using var folder = new TempFolder();
        string file = folder.Write("model.bin", "x");
        string[] commands = ["generate", "logits", "score", "tokenize"];
        foreach (string command in commands)
        {
            Tool.Run(command, "-p", "x", "-m", Path.Combine(folder.Path, "none")).Fails(3, "CL-03");
            Tool.Run(command, "-p", "x", "-m", file).Fails(3, "CL-03");
            Assert.Contains("config.json", Tool.Run(command, "-p", "x", "-m", folder.Path).Fails(3, "CL-03"), StringComparison.Ordinal);
        }
        (Tool.Run("inspect", "-m", file) with { Out = "" }).Fails(3, "CL-03");
        Tool.Run("detokenize", "--tokens", "1", "-m", file).Fails(3, "CL-03");
    }

    [Fact]
    public void A_model_behind_links_is_found_as_the_system_finds_it()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("hub/snapshots/rev"));
        Directory.CreateDirectory(folder.File("hub/blobs"));
        foreach (string file in Directory.GetFiles(model.Folder))
        {
            File.Copy(file, Path.Combine(folder.File("hub/blobs"), Path.GetFileName(file)));
            File.CreateSymbolicLink(Path.Combine(folder.File("hub/snapshots/rev"), Path.GetFileName(file)), $"../../blobs/{Path.GetFileName(file)}");
        }
        Directory.CreateSymbolicLink(folder.File("model"), "hub/snapshots/rev");
        string?[] output = [.. ((string[])[model.Folder, folder.File("model"), folder.File("model/../rev")]).Select(
            path => Tool.Run("generate", "-p", "ab", "-n", "4", "--temp", "0", "--json", "-m", path).Json().GetProperty("text").GetString())];
        Assert.Single(output.Distinct());
        Directory.CreateSymbolicLink(folder.File("gone"), "nowhere");
        Assert.Contains("link", Tool.Run("inspect", "-m", folder.File("gone")).Fails(3, "CL-03"), StringComparison.Ordinal);
    }

    [Fact]
    public void Hub_names_are_told_apart_from_wrong_folders()
    {
        Assert.Contains("a model on the hub is org/name", Tool.Run("inspect", "-m", "no/such/folder").Fails(3, "CL-03"), StringComparison.Ordinal);
        Assert.Contains("a model on the hub is org/name", Tool.Run("inspect", "-m", "my-model").Fails(3, "CL-03"), StringComparison.Ordinal);
        Assert.DoesNotContain("hub", Tool.Run("inspect", "-m", "./nowhere").Fails(3, "CL-03"), StringComparison.Ordinal);
    }

    [Fact]
    public void Control_characters_from_outside_never_reach_the_terminal()
    {
        string error = Tool.Run("inspect", "-m", "evil\u001b[2J\nname").Fails(3, "CL-03");
        Assert.DoesNotContain("\u001b", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_files_keep_the_code_of_the_catalogue_and_debug_adds_the_trace()
    {
        using var folder = new TempFolder();
        folder.Write("config.json", "{");
        Outcome run = Tool.Run("logits", "-m", folder.Path, "--tokens", "1");
        run.Fails(3, "CF-01");
        Outcome debug = Tool.Run("logits", "-m", folder.Path, "--tokens", "1", "--debug");
        Assert.StartsWith(run.Error, debug.Error, StringComparison.Ordinal);
        Assert.Contains("   at ParScale.", debug.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Turkish_culture_changes_nothing()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        string[] args = ["generate", "-m", model.Folder, "-p", "I i", "-n", "8", "--temp", "0.5", "-s", "3", "-q"];
        Outcome expected = Tool.Run(args);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("tr-TR");
            Assert.Equal(expected, Tool.Run(args));
            Assert.Equal("tr-TR", CultureInfo.CurrentCulture.Name);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("generate")]
    [InlineData("logits")]
    [InlineData("score")]
    [InlineData("tokenize")]
    [InlineData("detokenize")]
    [InlineData("inspect")]
    public void Help_of_each_command_ends_with_an_example(string command)
    {
        Outcome help = Tool.Run(command, "--help");
        Assert.Equal((0, ""), (help.Exit, help.Error));
        Assert.Contains($"parscale {command} [options]", help.Out, StringComparison.Ordinal);
        Assert.Contains($"Examples:\n  parscale {command}", help.Out, StringComparison.Ordinal);
        Assert.Contains($"  {command} ", Tool.Run("--help").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("generate", "-n", "-p", "h")]
    [InlineData("generate", "-p", "-n", "5")]
    [InlineData("score", "--file", "-p", "h")]
    public void CL_02_an_option_taken_for_the_value_of_another_is_named(params string[] args)
    {
        string error = Tool.Run(args).Fails(2, "CL-02");
        Assert.Contains($"{args[1]} has no value, so {args[2]} was taken for it", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("parscale tokenize -m ...", "-m", "folder", "tokenize", "-p", "x")]
    [InlineData("parscale generate --temp ...", "--temp=1", "generate", "-p", "x")]
    [InlineData("parscale COMMAND -m ...", "-m", "folder")]
    public void CL_01_options_of_a_command_come_after_it(string example, params string[] args) =>
        Assert.Contains(example, Tool.Run(args).Fails(2, "CL-01"), StringComparison.Ordinal);

    [Theory]
    [InlineData("[diagram]")]
    [InlineData("[suggest]")]
    [InlineData("[suggest:3]")]
    [InlineData("[x]")]
    public void CL_01_orders_to_the_parser_are_unknown_commands(string order)
    {
        Tool.Run(order, "generate", "-m", model.Folder, "-p", "x", "-n", "1").Fails(2, "CL-01");
        Tool.Run(order).Fails(2, "CL-01");
    }

    [Theory]
    [InlineData]
    [InlineData("inspect")]
    [InlineData("generate", "-p", "x", "--json")]
    [InlineData("-m", "nowhere")]
    public void Version_wins_over_everything_beside_it(params string[] args)
    {
        Outcome plain = Tool.Run([.. args.Except(["--json"]), "--version"]);
        Assert.Equal((0, ""), (plain.Exit, plain.Error));
        Assert.StartsWith("parscale ", plain.Out, StringComparison.Ordinal);
        foreach (string[] both in new string[][] { [.. args, "--version", "--json"], ["--json", .. args.Except(["--json"]), "--version"] })
        {
            JsonElement json = Tool.Run(both).Json();
            Assert.Matches(@"^[0-9]+\.[0-9]+\.[0-9]+", json.GetProperty("version").GetString());
        }
    }

    [Fact]
    public void Version_names_tool_and_runtime()
    {
        Outcome version = Tool.Run("--version");
        Assert.Equal(0, version.Exit);
        Assert.Matches(@"^parscale [0-9]+\.[0-9]+\.[0-9]+\S* \(\.NET [0-9.]+\S*, .+\)\n$", version.Out);
    }
}
