using System.Text.RegularExpressions;
using ParScale.Training.Commands;
using ParScale.Training.Configuration;

namespace ParScale.Training.Tests.Configuration;

public sealed class RunConfigTests
{
    [Fact]
    public void Every_option_of_a_run_is_one_line_of_the_table()
    {
        // The hashes are those of the inputs and of the model of --from; mpirun gives the processes.
        string[] inputs = ["DataSha256", "TokenizerSha256", "From", "Processes"];
        IEnumerable<string> options = typeof(TrainingOptions).GetProperties().Where(p => p.CanWrite).Select(p => p.Name).Except(inputs).Order();
        Assert.Equal(options, TrainSettings.All.Where(s => s.Property is not null).Select(s => s.Property!.Name).Order());
        Assert.All(TrainSettings.All, setting => Assert.Matches(new Regex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$"), setting.Key));
        Assert.Equal(TrainSettings.All.Count, TrainSettings.Keys.Count);
    }

    [Fact]
    public void Defaults_give_way_to_a_file_and_a_file_to_words()
    {
        using var folder = new TempFolder();
        RunConfig config = Of(folder, """{ "lr": 0.5, "min_lr": 0, "steps": 300, "compute": "bf16", "recompute": true, "data": "sub/text.txt" }""");
        Assert.Equal(folder.File("sub/text.txt"), config.Data);
        config.TakeWords(["lr=0.25"], [(TrainSettings.Find("steps")!, "400")]);
        TrainingOptions options = config.Options(from: null);
        Assert.Equal((0.25, 400L, NumberType.Bf16, true, 16), (options.LearningRate, options.Steps, options.Compute, options.ActivationCheckpointing, options.Batch));
    }

    [Fact]
    public void A_former_name_is_read_everywhere_and_not_beside_the_new_one()
    {
        using var folder = new TempFolder();
        Assert.True(Of(folder, """{ "recompute": true }""").Options(from: null).ActivationCheckpointing);
        var words = new RunConfig();
        words.TakeWords(["recompute=true"], []);
        Assert.True(words.Options(from: null).ActivationCheckpointing);
        Assert.Contains("\"activation_checkpointing\": true", words.ToJson(words.Options(from: null), indented: true), StringComparison.Ordinal);
        Assert.Equal("RC-03", Assert.Throws<ParScaleException>(() => Of(folder, """{ "recompute": true, "activation_checkpointing": true }""")).Code);
        Assert.Equal("RC-03", Assert.Throws<ParScaleException>(() => new RunConfig().TakeWords(["recompute=true", "activation_checkpointing=true"], [])).Code);
        foreach (string flag in (string[])["--recompute", "--activation-checkpointing"])
        {
            (int exitCode, string output, _) = Trained.Run([.. Samples.Run(folder, "run"), flag, "--dry-run", "--json"]);
            Assert.Equal(0, exitCode);
            using var result = System.Text.Json.JsonDocument.Parse(output);
            Assert.True(result.RootElement.GetProperty("settings").GetProperty("activation_checkpointing").GetBoolean());
        }
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        using var folder = new TempFolder();
        RunConfig config = Of(folder, """{ "data": "text.txt", "tokenizer": "tok", "epsilon": 1e-9, "seed": -3, "train": "all", "sample_prompt": "a \"b\"", "keep": 5 }""");
        TrainingOptions options = config.Options(from: null);
        string written = config.ToJson(options, indented: true);
        RunConfig again = Of(folder, written);
        Assert.Equal(options, again.Options(from: null));
        Assert.Equal(written, again.ToJson(options, indented: true));
        Assert.Equal(5, again.Get<int>(TrainSettings.Keep));
    }

    [Theory]
    [InlineData("", "RC-01", "c.json: holds 0 bytes")]
    [InlineData("{", "RC-01", "c.json: is not JSON")]
    [InlineData("[1]", "RC-01", "c.json: holds an array; it must hold one JSON object")]
    [InlineData("{ \"lr\": 1, }", "RC-01", "comments and trailing commas are not allowed")]
    [InlineData("{ // rate\n \"lr\": 1 }", "RC-01", "comments and trailing commas are not allowed")]
    [InlineData("{ \"learning_rate\": 1 }", "RC-02", "c.json: \"learning_rate\" is not a known key; ")]
    [InlineData("{ \"stream\": 1 }", "RC-02", "c.json: \"stream\" is not a known key; did you mean streams?")]
    [InlineData("{ \"LR\": 1 }", "RC-02", "did you mean lr?")]
    [InlineData("{ \"kv-heads\": 1 }", "RC-02", "did you mean kv_heads?")]
    [InlineData("{ \"lr\": 1, \"lr\": 1 }", "RC-03", "c.json: \"lr\" appears twice; remove one")]
    [InlineData("{ \"lr\": \"1e-3\" }", "RC-04", "c.json: \"lr\" must be a number, above 0, not the text \"1e-3\"")]
    [InlineData("{ \"lr\": -1 }", "RC-04", "c.json: \"lr\" must be a number, above 0, not the number -1")]
    [InlineData("{ \"lr\": 1e999 }", "RC-04", "must be a number, above 0")]
    [InlineData("{ \"steps\": 1.5 }", "RC-04", "must be a whole number")]
    [InlineData("{ \"streams\": 1e30 }", "RC-04", "must be a whole number, 1 or more, not the number 1e30")]
    [InlineData("{ \"streams\": null }", "RC-04", "must be a whole number, 1 or more, not null")]
    [InlineData("{ \"streams\": [1, 2] }", "RC-04", "must be a whole number, 1 or more, not an array")]
    [InlineData("{ \"recompute\": \"true\" }", "RC-04", "must be true or false, not the text \"true\"")]
    [InlineData("{ \"data\": 3 }", "RC-04", "must be a path, not the number 3")]
    [InlineData("{ \"data\": \"\" }", "RC-04", "must be a path, not the text \"\"")]
    [InlineData("{ \"compute\": \"f16\" }", "RC-04", "must be f32 or bf16, not the text \"f16\"")]
    [InlineData("{ \"compute\": 1 }", "RC-04", "must be f32 or bf16, not the number 1")]
    public void A_bad_file_is_refused_with_its_key(string text, string code, string message)
    {
        using var folder = new TempFolder();
        ParScaleException problem = Assert.Throws<ParScaleException>(() => Of(folder, text));
        Assert.Equal(code, problem.Code);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Equal(code == "RC-01" ? ErrorKind.BadInput : ErrorKind.Usage, problem.Kind);
    }

    [Theory]
    [InlineData("lrr=1", "RC-02", "--set: \"lrr\" is not a known key; did you mean lr?")]
    [InlineData("lr", "RC-04", "--set: \"lr\" has no value; write lr=VALUE")]
    [InlineData("lr=", "RC-04", "must be a number, above 0")]
    [InlineData("lr=fast", "RC-04", "--set: \"lr\" must be a number, above 0, not \"fast\"")]
    [InlineData("lr=1,5", "RC-04", "must be a number, above 0")]
    [InlineData("seed=1", "RC-03", "--set: \"seed\" is given as --seed too; leave one")]
    public void Bad_words_are_refused(string set, string code, string message)
    {
        ParScaleException problem = Assert.Throws<ParScaleException>(() => new RunConfig().TakeWords([set], [(TrainSettings.Find("seed")!, "2")]));
        Assert.Equal(code, problem.Code);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Equal("RC-03", Assert.Throws<ParScaleException>(() => new RunConfig().TakeWords(["lr=1", "lr=1"], [])).Code);
    }

    [Fact]
    public void Values_that_do_not_go_together_name_the_file()
    {
        using var folder = new TempFolder();
        ParScaleException problem = Assert.Throws<ParScaleException>(() => Of(folder, """{ "batch": 2, "accumulate": 3 }""").Options(from: null));
        Assert.Equal("c.json: --accumulate must be 1 to --batch", problem.Message);
    }

    [Fact]
    public void The_settings_of_a_run_repeat_it_bit_for_bit()
    {
        using var folder = new TempFolder();
        string[] words = Samples.Run(folder, "run", ("--dropout", "0.1"), ("--compute", "bf16"));
        Assert.Equal(0, CommandLine.Run(words));
        string settings = folder.File("run/run.json");
        Assert.Equal(0, CommandLine.Run(["train", "--config", settings, "-o", folder.File("again")]));
        Assert.Equal(File.ReadAllBytes(folder.File("run/final/model.safetensors")), File.ReadAllBytes(folder.File("again/final/model.safetensors")));
        Assert.Equal(File.ReadAllBytes(settings), File.ReadAllBytes(folder.File("again/run.json")));

        // From a model, its shape is no setting of the run.
        Assert.Equal(2, CommandLine.Run(["train", "--config", settings, "--from", folder.File("run/final"), "-o", folder.File("no")]));
        string[] next = ["train", .. Samples.Inputs(folder), "--from", folder.File("run/final"), "--steps", "2", "--warmup", "0", "--context", "16"];
        Assert.Equal(0, CommandLine.Run([.. next, "-o", folder.File("next")]));
        Assert.Equal(0, CommandLine.Run(["train", "--config", folder.File("next/run.json"), "-o", folder.File("next2")]));
        Assert.Equal(File.ReadAllBytes(folder.File("next/final/model.safetensors")), File.ReadAllBytes(folder.File("next2/final/model.safetensors")));
    }

    [Fact]
    public void A_dry_run_prints_settings_and_size_and_makes_nothing()
    {
        using var folder = new TempFolder();
        (int exitCode, string output, _) = Trained.Run([.. Samples.Run(folder, "run"), "--dry-run", "--json"]);
        Assert.Equal(0, exitCode);
        using var result = System.Text.Json.JsonDocument.Parse(output);
        Assert.Equal(12 * 4 * 16, result.RootElement.GetProperty("tokens").GetInt64());
        Assert.Equal(16 * result.RootElement.GetProperty("parameters").GetInt64(), result.RootElement.GetProperty("state_bytes").GetInt64());
        Assert.Equal(2, result.RootElement.GetProperty("settings").GetProperty("streams").GetInt32());
        Assert.False(Directory.Exists(folder.File("run")));
    }

    private static RunConfig Of(TempFolder folder, string text)
    {
        string path = folder.File("c.json");
        File.WriteAllText(path, text);
        var config = new RunConfig();
        config.TakeFile(path);
        return config;
    }
}
