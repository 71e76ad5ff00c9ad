using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

public class GenerateCommandTests(TinyModel model)
{
    [Fact]
    public void Json_has_every_field_of_the_contract()
    {
        JsonElement json = Tool.Run("generate", "-m", model.Folder, "-p", "the cat", "-n", "5", "-s", "1", "--ignore-eos", "--json").Json();
        Assert.Equal(JsonValueKind.String, json.GetProperty("text").ValueKind);
        Assert.Equal(5, json.GetProperty("tokens").GetInt32());
        Assert.Equal(5, json.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal("length", json.GetProperty("finish_reason").GetString());
        Assert.True(json.GetProperty("prefill_ms").GetDouble() > 0);
        Assert.True(json.GetProperty("decode_ms_per_token").GetDouble() > 0);
        Assert.Equal(TinyModel.Streams, json.GetProperty("streams").GetInt32());
        Assert.Equal(5, json.GetProperty("ids").GetArrayLength());
        Assert.Equal(1u, json.GetProperty("seed").GetUInt64());
        Assert.Equal("f32", json.GetProperty("dtype").GetString());
    }

    [Fact]
    public void Plain_run_echoes_the_prompt_and_ends_the_line()
    {
        string[] common = ["generate", "-m", model.Folder, "-p", "the cat", "-n", "6", "--temp", "0"];
        string text = Tool.Run([.. common, "--json"]).Json().GetProperty("text").GetString() ?? "";
        string newline = text.EndsWith('\n') ? "" : "\n";
        Assert.Equal($"the cat{text}{newline}", Tool.Run(common).Out);
        Assert.Equal($"{text}{newline}", Tool.Run([.. common, "--no-echo"]).Out);
    }

    [Fact]
    public void Same_seed_same_text_and_the_seed_is_shown_when_it_was_random()
    {
        string[] common = ["generate", "-m", model.Folder, "-p", "a", "-n", "12", "--temp", "1.5", "--ignore-eos"];
        JsonElement first = Tool.Run([.. common, "--json"]).Json();
        string seed = first.GetProperty("seed").GetRawText();
        Assert.Equal(Ids(first), Ids(Tool.Run([.. common, "--json", "-s", seed]).Json()));
        Assert.Contains("| seed ", Tool.Run(common).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_are_one_line_on_standard_error_and_quiet_removes_them()
    {
        string[] common = ["generate", "-m", model.Folder, "-p", "a", "-n", "3", "--temp", "0"];
        string figures = Tool.Run(common).Error;
        Assert.Equal(1, figures.Count(c => c == '\n'));
        Assert.Matches(@"^parscale: [0-9.]+ tokens/s \| P 2 \| f32 \| .+ \| [0-9]+ threads \| prompt 1 tokens in ", figures);
        Assert.Equal("", Tool.Run([.. common, "-q"]).Error);
    }

    [Fact]
    public void Token_ids_are_a_prompt_too()
    {
        JsonElement byIds = Tool.Run("generate", "-m", model.Folder, "--tokens", TinyTokenizer.Ids("ab"), "-n", "4", "--temp", "0", "--json").Json();
        JsonElement byText = Tool.Run("generate", "-m", model.Folder, "-p", "ab", "-n", "4", "--temp", "0", "--json").Json();
        Assert.Equal(Ids(byText), Ids(byIds));
        Assert.StartsWith("ab", Tool.Run("generate", "-m", model.Folder, "--tokens", TinyTokenizer.Ids("ab"), "-n", "4", "--temp", "0").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the cat")]
    [InlineData("the cat\n")]
    [InlineData("the cat\r\n")]
    public void Piped_prompt_loses_one_line_break(string piped)
    {
        JsonElement byPipe = Tool.Pipe(piped, "generate", "-m", model.Folder, "-n", "4", "--temp", "0", "--json").Json();
        JsonElement byText = Tool.Run("generate", "-m", model.Folder, "-p", "the cat", "-n", "4", "--temp", "0", "--json").Json();
        Assert.Equal(Ids(byText), Ids(byPipe));
    }

    [Fact]
    public void Empty_prompt_starts_from_the_end_of_text_token()
    {
        JsonElement json = Tool.Run("generate", "-m", model.Folder, "-p", "", "-n", "4", "--temp", "0", "--json").Json();
        JsonElement byId = Tool.Run("generate", "-m", model.Folder, "--tokens", $"{TinyTokenizer.EndOfText}", "-n", "4", "--temp", "0", "--json").Json();
        Assert.Equal(1, json.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(Ids(byId), Ids(json));
    }

    [Fact]
    public void Model_without_tokenizer_continues_ids()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, model.Config, TinyModel.Seed);
        string[] args = ["--tokens", TinyTokenizer.Ids("ab"), "-n", "4", "--temp", "0", "--json"];
        JsonElement json = Tool.Run(["generate", "-m", folder.Path, .. args]).Json();
        Assert.Equal("", json.GetProperty("text").GetString());
        Assert.Equal(Ids(Tool.Run(["generate", "-m", model.Folder, .. args]).Json()), Ids(json));
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    public void Dtype_threads_and_streams_are_what_was_asked_for(string type)
    {
        JsonElement json = Tool.Run(
            "generate", "-m", model.Folder, "-p", "a", "-n", "2", "--dtype", type, "--threads", "1", "--streams", "1", "--json").Json();
        Assert.Equal(type, json.GetProperty("dtype").GetString());
        Assert.Equal(1, json.GetProperty("threads").GetInt32());
        Assert.Equal(1, json.GetProperty("streams").GetInt32());
    }

    [Fact]
    public void A_flag_comes_before_the_models_generation_config_and_that_before_the_default()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, model.Config, TinyModel.Seed);
        TinyTokenizer.Write(folder.Path);
        folder.Write("generation_config.json", "{\"do_sample\":false,\"max_new_tokens\":7,\"typical_p\":0.5}");
        string[] args = ["generate", "-m", folder.Path, "-p", "a", "--ignore-eos", "-s", "1"];
        JsonElement Run(params string[] more) => Tool.Run([.. args, "--json", .. more]).Json();
        JsonElement Plain(params string[] more) => Tool.Run(["generate", "-m", model.Folder, .. args[3..], "--json", .. more]).Json();
        Assert.Equal(Ids(Plain("--temp", "0", "-n", "7")), Ids(Run()));
        Assert.Equal(Ids(Plain("--temp", "1.5", "-n", "3")), Ids(Run("--temp", "1.5", "-n", "3")));
        Assert.Equal(Ids(Plain()), Ids(Run("--generation-config", "none")));
        Assert.Contains("typical_p", Tool.Run(args).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("typical_p", Tool.Run([.. args, "--generation-config", "none"]).Error, StringComparison.Ordinal);
        Tool.Run([.. args, "--generation-config", "vllm"]).Fails(2, "CL-02");
    }

    [Fact]
    public void Stop_text_ends_the_run_and_is_not_printed()
    {
        string[] common = ["generate", "-m", model.Folder, "-p", "a", "-n", "20", "--temp", "0", "--ignore-eos", "--json"];
        string text = Tool.Run(common).Json().GetProperty("text").GetString() ?? "";
        char stop = text.FirstOrDefault(char.IsAscii);
        if (stop == default) Assert.Skip("the random model wrote no ASCII letter");
        JsonElement stopped = Tool.Run([.. common, "--stop", "never-there", "--stop", stop.ToString()]).Json();
        Assert.Equal("stop", stopped.GetProperty("finish_reason").GetString());
        Assert.Equal(text[..text.IndexOf(stop)], stopped.GetProperty("text").GetString());
    }

    [Fact]
    public void Names_of_special_tokens_are_text_unless_asked_for()
    {
        string[] common = ["generate", "-m", model.Folder, "-p", TinyTokenizer.EndOfTextName, "-n", "1", "--json"];
        Assert.True(Tool.Run(common).Json().GetProperty("prompt_tokens").GetInt32() > 1);
        Assert.Equal(1, Tool.Run([.. common, "--special"]).Json().GetProperty("prompt_tokens").GetInt32());
    }

    [Theory]
    [InlineData("@file")]
    [InlineData("-5 degrees")]
    [InlineData("[suggest]")]
    [InlineData("generate")]
    [InlineData("\"quotes\" and \\ and %s")]
    public void Any_text_can_be_a_prompt(string prompt)
    {
        Outcome run = Tool.Run("generate", "-m", model.Folder, "-p", prompt, "-n", "1", "--temp", "0");
        Assert.Equal(0, run.Exit);
        Assert.StartsWith(prompt, run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_screen_gets_no_control_codes_from_the_prompt_or_the_model()
    {
        string[] args = ["generate", "-m", model.Folder, "-p", "a\u001b[2Jb", "-n", "200", "--temp", "5", "-s", "1", "--ignore-eos"];
        string bytes = Tool.Run(args).Out;
        Assert.StartsWith("a\u001b[2Jb", bytes, StringComparison.Ordinal);
        Assert.True(bytes.Count(IsUnsafe) > 1, "the random model wrote no control code; choose another seed");
        string shown = Tool.OnScreen(args).Out;
        Assert.StartsWith("a\uFFFD[2Jb", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(shown, IsUnsafe);

        static bool IsUnsafe(char c) => char.IsControl(c) && c is not ('\n' or '\t');
    }

    [Fact]
    public void Cancelled_run_prints_what_there_is_and_exits_130()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        string[] common = ["generate", "-m", model.Folder, "-p", "the cat", "-n", "200", "--ignore-eos"];
        Outcome plain = Tool.RunWith(null, cancelled.Token, common);
        Assert.Equal((130, "the cat\n"), (plain.Exit, plain.Out));
        Outcome json = Tool.RunWith(null, cancelled.Token, [.. common, "--json"]);
        Assert.Equal(130, json.Exit);
        using var document = JsonDocument.Parse(json.Out);
        Assert.Equal("cancelled", document.RootElement.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public void Embedded_model_runs_without_any_option()
    {
        if (!EmbeddedModelIsThere()) Assert.Skip("models/ holds no embedded model yet");
        Outcome run = Tool.Run("generate", "-p", "ROMEO:", "-n", "16", "--temp", "0");
        Assert.Equal(0, run.Exit);
        Assert.StartsWith("ROMEO:", run.Out, StringComparison.Ordinal);
        Assert.True(run.Out.Length > "ROMEO:\n".Length);
    }

    private static bool EmbeddedModelIsThere()
    {
        string models = Path.Combine(AppContext.BaseDirectory, "models");
        return Directory.Exists(models) && Directory.EnumerateFiles(models, "config.json", SearchOption.AllDirectories).Any();
    }

    private static int[] Ids(JsonElement json) => [.. json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
}
