using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;

namespace ParScale.Cli.Tests;

/// <summary>What only a real process shows: pipes, signals, the environment.</summary>
public partial class ProcessTests(TinyModel model)
{
    private const string LongRun = "$PARSCALE generate -m $MODEL -p a -n 60000 --temp 1 --ignore-eos";

    [Fact]
    public async Task CL_08_closed_pipe_ends_quietly()
    {
        SkipOnWindows();
        Outcome run = await ToolProcess.ShellAsync($"{{ {LongRun} -q; echo exit $? >&2; }} | head -c 1", model.Folder);
        Assert.Equal("a", run.Out);
        Assert.Equal("exit 0\n", run.Error);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    [InlineData("q8")]
    [InlineData("q4")]
    public async Task The_embedded_model_has_the_same_bits_in_vectors_of_256_and_of_512_bits(string dtype)
    {
        if (!Vector512.IsHardwareAccelerated) Assert.Skip("this machine has no vectors of 512 bits");
        async Task<string> Logits(string avx512)
        {
            using Process process = ToolProcess.Start(
                new Dictionary<string, string> { ["DOTNET_EnableAVX512"] = avx512 }, "logits", "-p", "What is the matter, my lord?", "--dtype", dtype, "--json");
            return (await ToolProcess.FinishAsync(process)).Out;
        }
        string wide = await Logits("1");
        Assert.Contains("\"last\"", wide, StringComparison.Ordinal);
        Assert.Equal(wide, await Logits("0"));
    }

    [Fact]
    public async Task Every_tier_of_this_machine_can_be_forced_in_both_ways_and_no_other()
    {
        async Task<Outcome> Generate(string variable, params string[] options)
        {
            using Process process = ToolProcess.Start(new Dictionary<string, string> { ["PARSCALE_TIER"] = variable },
                ["generate", "-p", "What", "-n", "1", "--temp", "0", "--dtype", "q8", "--json", .. options]);
            return await ToolProcess.FinishAsync(process);
        }
        const string list = "take one of ";
        string refusal = (await Generate("", "--tier", "abacus")).Fails(2, "CL-02");
        Assert.Contains("PARSCALE_TIER", (await Generate("abacus")).Fails(2, "CL-02"), StringComparison.Ordinal);
        string[] names = refusal[(refusal.IndexOf(list, StringComparison.Ordinal) + list.Length)..].Trim().Split(", ");
        Assert.Equal("portable", names[^1]);
        static void Uses(string name, Outcome run) => Assert.Equal(name, run.Json().GetProperty("kernel").GetString());
        foreach (string name in names)
        {
            Uses(name, await Generate("", "--tier", name));
            Uses(name, await Generate(name));
        }
        // The option outranks the variable.
        Uses(names[0], await Generate("portable", "--tier", names[0]));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://collector")]
    public async Task CL_11_a_collector_without_an_address_is_refused_at_the_start(string variable, string value)
    {
        foreach (string[] command in (string[][])[["serve"], ["gateway", "--to", "http://127.0.0.1:9"]])
        {
            using Process process = ToolProcess.Start(new Dictionary<string, string> { [variable] = value }, [.. command, "--port", "0"]);
            string error = (await ToolProcess.FinishAsync(process)).Fails(2, "CL-11");
            Assert.Contains(variable, error, StringComparison.Ordinal);
            Assert.Contains(value, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Full_disk_is_one_line_and_exit_4()
    {
        SkipOnWindows();
        if (!File.Exists("/dev/full")) Assert.Skip("this system has no /dev/full");
        Outcome run = await ToolProcess.ShellAsync("$PARSCALE inspect -m $MODEL > /dev/full", model.Folder);
        run.Fails(4, "IO-01");
    }

    [Fact]
    public async Task CF_06_a_model_larger_than_memory_is_inspected_but_not_loaded_and_judged_by_the_type_in_memory()
    {
        using var folder = new TempFolder();
        CheckpointConfig config = model.Config with { Model = model.Config.Model with { HiddenSize = 64, HeadSize = 32, VocabularySize = 300_000, Layers = LayerConfig.Qwen2(2, 32, 40, ropeTheta: 10_000) } };
        File.WriteAllText(folder.File("config.json"), config.ToJson());
        SafetensorsWriter.Write(folder.File("model.safetensors"),
            [.. ModelTensors.Expected(config).Select(tensor => new TensorToWrite(tensor.Name, TensorType.F32, tensor.Shape,
                new byte[sizeof(float) * tensor.Shape.Aggregate(1L, (product, axis) => product * axis)]))]);
        // 60 MiB of memory: between the weights' 37 MiB as bf16 and 73 MiB as f32.
        var limit = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "3C00000" };
        string[] logits = ["logits", "-m", folder.Path, "--tokens", "1"];

        async Task<Outcome> Run(params string[] args)
        {
            using Process process = ToolProcess.Start(limit, args);
            return await ToolProcess.FinishAsync(process);
        }

        (await Run("inspect", "-m", folder.Path, "--json")).Json();
        Assert.Contains("bf16", (await Run(logits)).Fails(7, "CF-06"), StringComparison.Ordinal);
        Assert.Equal(0, (await Run([.. logits, "--dtype", "bf16"])).Exit);
    }

    [Theory]
    [InlineData("$PARSCALE inspect -m nowhere 2>&-; echo $?", "3")]
    [InlineData("$PARSCALE inspect -m $MODEL 2>/dev/full | head -c 12; echo", "architecture")]
    public async Task Talk_that_nobody_can_hear_is_dropped(string line, string expected)
    {
        SkipOnWindows();
        Assert.Equal($"{expected}\n", (await ToolProcess.ShellAsync(line, model.Folder)).Out);
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("tokenize")]
    [InlineData("generate")]
    [InlineData("score")]
    [InlineData("detokenize")]
    public async Task Closed_input_holds_nothing_to_read(string command)
    {
        SkipOnWindows();
        Outcome run = await ToolProcess.ShellAsync($"$PARSCALE {command} -m $MODEL <&-", model.Folder);
        Assert.Contains("there is no input", run.Fails(2, "CL-02"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closed_output_is_one_line_and_exit_4()
    {
        SkipOnWindows();
        Outcome run = await ToolProcess.ShellAsync("$PARSCALE tokenize -m $MODEL -p x <&- >&-", model.Folder);
        Assert.Contains("standard output is closed", run.Fails(4, "IO-01"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" >out 2>err; exit=$?; cat out; cat err >&2; exit $exit")]
    public async Task Too_few_open_files_are_one_line_and_exit_4(string redirection)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("needs the limits of Linux");
        int refused = 0;
        foreach (int limit in new[] { 30, 40, 45, 50, 55, 60, 65 })
        {
            using var folder = new TempFolder();
            string line = $"cd {folder.Path}; ulimit -n {limit}; $PARSCALE generate -m $MODEL -p h -n 1 --no-echo{redirection}";
            Outcome run = await ToolProcess.ShellAsync(line, model.Folder);
            bool runtimeCannotStart = run.Exit > 128 && !run.Error.Contains("Unhandled exception", StringComparison.Ordinal);
            if (run.Exit == 0 || runtimeCannotStart) continue;
            Assert.True(run.Exit == 4, $"ulimit -n {limit}: exit {run.Exit}: {run.Error}");
            run.Fails(4, "IO-01");
            refused++;
        }
        Assert.NotEqual(0, refused);
    }

    [Fact]
    public async Task Output_and_talk_can_share_a_file()
    {
        SkipOnWindows();
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "both.txt");
        await ToolProcess.ShellAsync($"echo before > {file}; $PARSCALE generate -m $MODEL -p hello -n 2 --temp 0 >> {file} 2>&1", model.Folder);
        string both = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.StartsWith("before\nhello", both, StringComparison.Ordinal);
        Assert.Contains("tokens/s", both, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupt_prints_what_there_is_and_exits_130()
    {
        SkipOnWindows();
        const int sigint = 2;
        using Process process = ToolProcess.Start(null, "generate", "-m", model.Folder, "-p", "ab", "-n", "60000", "--ignore-eos");
        var first = new char[1];
        Assert.Equal(1, await process.StandardOutput.ReadAsync(first, TestContext.Current.CancellationToken));
        _ = Kill(process.Id, sigint);
        Outcome run = await ToolProcess.FinishAsync(process);
        Assert.Equal(130, run.Exit);
        Assert.Equal("ab", $"{first[0]}{run.Out}"[..2]);
        Assert.EndsWith("\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("new tokens (cancelled)", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tr_TR.UTF-8")]
    [InlineData("C")]
    public async Task Locale_changes_nothing(string locale)
    {
        var environment = new Dictionary<string, string> { ["LANG"] = locale, ["LC_ALL"] = locale };
        string[] args = ["generate", "-m", model.Folder, "-p", "İIé😀", "-n", "8", "--temp", "0.5", "-s", "3", "--json"];
        using Process process = ToolProcess.Start(environment, args);
        Outcome run = await ToolProcess.FinishAsync(process);
        Assert.Equal(Text(Tool.Run(args)), Text(run));
    }

    [Fact]
    public async Task Colour_codes_never_reach_a_pipe()
    {
        using Process process = ToolProcess.Start(null, "generate", "--help");
        Outcome run = await ToolProcess.FinishAsync(process);
        Assert.Equal(0, run.Exit);
        Assert.DoesNotContain("\u001b", run.Out + run.Error, StringComparison.Ordinal);
    }

    private static string? Text(Outcome run)
    {
        JsonElement json = run.Json();
        return json.GetProperty("text").GetString();
    }

    private static void SkipOnWindows()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs a POSIX shell and signals");
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Kill(int process, int signal);
}
