using ParScale.Configuration;
using ParScale.Training.Commands;

namespace ParScale.Training.Tests.Checkpointing;

/// <summary>What a model has beside its weights goes with it into every folder that is made from it.</summary>
public sealed class ParentFilesTests
{
    private const string Template = "{% for message in messages %}{{ message.content }}{% endfor %}";
    private const string Generation = "{ \"eos_token_id\": [3, 7], \"temperature\": 0.7 }";

    [Fact]
    public void Training_and_conversion_keep_the_chat_template_and_all_ends_of_text()
    {
        using var folder = new TempFolder();
        string parent = Parent(folder);
        string[] from = ["train", .. Samples.Inputs(folder), "--from", parent, "--steps", "4", "--warmup", "0", "--context", "16", "--batch", "4", "--save-every", "2"];
        Assert.Equal(0, CommandLine.Run([.. from, "-o", folder.File("plain")]));
        Assert.Equal(0, CommandLine.Run([.. from, "-o", folder.File("streams"), "--streams", "2"]));
        Assert.Equal(0, CommandLine.Run([.. from, "-o", folder.File("addon"), "--streams", "2", "--train", "streams"]));
        Assert.Equal(0, CommandLine.Run(["convert", "-m", parent, "-o", folder.File("converted"), "--init", "paper", "--streams", "2"]));
        Assert.Equal(0, CommandLine.Run(["convert", "-m", folder.File("addon/final"), "-o", folder.File("merged"), "--merge"]));
        foreach (string run in (string[])["plain", "streams", "addon"])
            foreach (string saved in (string[])["best", "final", "checkpoint-2", "checkpoint-4"]) AssertKept(folder.File($"{run}/{saved}"));
        AssertKept(folder.File("converted"));
        AssertKept(folder.File("merged"));

        // Over several generations too.
        string[] again = ["train", .. Samples.Inputs(folder)[..2], "--from", folder.File("merged"), "--steps", "1", "--warmup", "0", "--context", "16", "--batch", "4"];
        Assert.Equal(0, CommandLine.Run([.. again, "-o", folder.File("again")]));
        AssertKept(folder.File("again/final"));
    }

    [Fact]
    public void Ends_that_only_the_config_names_are_all_in_the_new_generation_config()
    {
        using var folder = new TempFolder();
        string parent = Parent(folder);
        File.Delete(Path.Combine(parent, "generation_config.json"));
        File.WriteAllText(Path.Combine(parent, "config.json"), WithEnds(CheckpointConfig.Load(parent), 3, 7).ToJson());
        string[] from = ["train", .. Samples.Inputs(folder)[..2], "--from", parent, "--steps", "1", "--warmup", "0", "--context", "16", "--batch", "4"];
        Assert.Equal(0, CommandLine.Run([.. from, "-o", folder.File("run")]));
        Assert.Equal([3, 7], CheckpointConfig.Load(folder.File("run/final")).Model.EndOfTextIds);
        Assert.Contains("eos_token_id", File.ReadAllText(folder.File("run/final/generation_config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_tokenizer_brings_its_own_template_or_none()
    {
        using var folder = new TempFolder();
        string parent = Parent(folder);
        // One that knows fewer merges: not the model's own.
        ParScale.Training.Data.TokenizerWriter.Write(folder.File("other"), ParScale.Training.Data.BpeTrainer.Train(Samples.Text(3000), 20));
        string[] from = ["train", "--data", folder.File("text.txt"), "--from", parent, "--steps", "1", "--warmup", "0", "--context", "16", "--batch", "4"];
        Assert.Equal(0, CommandLine.Run([.. from, "--tokenizer", folder.File("other"), "-o", folder.File("run")]));
        Assert.False(File.Exists(folder.File("run/final/chat_template.jinja")));
        Assert.Equal(File.ReadAllBytes(folder.File("other/tokenizer.json")), File.ReadAllBytes(folder.File("run/final/tokenizer.json")));
    }

    private static CheckpointConfig WithEnds(CheckpointConfig config, params int[] ends) => config with { Model = config.Model with { EndOfTextIds = ends } };

    private static string Parent(TempFolder folder)
    {
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "parent", ("--streams", "1"), ("--steps", "2"))));
        string parent = folder.File("parent/final");
        File.WriteAllText(Path.Combine(parent, "chat_template.jinja"), Template);
        File.WriteAllText(Path.Combine(parent, "generation_config.json"), Generation);
        File.WriteAllText(Path.Combine(parent, "LICENSE"), "as you like");
        return parent;
    }

    private static void AssertKept(string folder)
    {
        Assert.Equal(Template, File.ReadAllText(Path.Combine(folder, "chat_template.jinja")));
        Assert.Equal(Generation, File.ReadAllText(Path.Combine(folder, "generation_config.json")));
        Assert.Equal("as you like", File.ReadAllText(Path.Combine(folder, "LICENSE")));
        Assert.True(File.Exists(Path.Combine(folder, "tokenizer.json")));
        Assert.Equal([3, 7], CheckpointConfig.Load(folder).Model.EndOfTextIds);
    }
}
