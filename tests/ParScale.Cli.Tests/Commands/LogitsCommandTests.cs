using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

public class LogitsCommandTests(TinyModel model)
{
    [Fact]
    public void Json_has_one_argmax_per_position_and_one_logit_per_token_of_the_vocabulary()
    {
        JsonElement json = Tool.Run("logits", "-m", model.Folder, "--tokens", "1,2,3", "--json").Json();
        int[] argmax = [.. json.GetProperty("argmax").EnumerateArray().Select(id => id.GetInt32())];
        float[] last = [.. json.GetProperty("last").EnumerateArray().Select(logit => logit.GetSingle())];
        Assert.Equal(3, argmax.Length);
        Assert.Equal(TinyTokenizer.VocabularySize, last.Length);
        Assert.Equal(argmax[^1], Array.IndexOf(last, last.Max()));
    }

    [Fact]
    public void Logits_in_json_read_back_to_the_same_bits()
    {
        using LanguageModel loaded = LanguageModel.Load(model.Folder);
        float[] expected = loaded.Logits([1, 2, 3], TestContext.Current.CancellationToken).Last;
        JsonElement json = Tool.Run("logits", "-m", model.Folder, "--tokens", "1,2,3", "--json").Json();
        Assert.Equal(expected, json.GetProperty("last").EnumerateArray().Select(logit => logit.GetSingle()));
    }

    [Fact]
    public void Text_and_its_ids_give_the_same_logits() => Assert.Equal(
        Tool.Run("logits", "-m", model.Folder, "--tokens", TinyTokenizer.Ids("abc"), "--json").Out,
        Tool.Run("logits", "-m", model.Folder, "-p", "abc", "--json").Out);

    [Fact]
    public void Ids_outside_the_vocabulary_are_refused() =>
        Assert.Contains("999", Tool.Run("logits", "-m", model.Folder, "--tokens", "1,999").Fails(2, "CL-02"), StringComparison.Ordinal);

    [Fact]
    public void Logits_that_are_no_numbers_are_never_printed()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, model.Config, TinyModel.Seed, change: (name, values) =>
        {
            if (name == "model.norm.weight") values[0] = float.NaN;
        });
        Outcome run = Tool.Run("logits", "-m", folder.Path, "--tokens", "1,2", "--json", "-q");
        Assert.Contains("model.safetensors: tensor \"model.norm.weight\": 1 value is", run.Fails(3, "ST-24"), StringComparison.Ordinal);
        Tool.Run("logits", "-m", folder.Path, "--tokens", "1,2", "--json", "--strict-weights").Fails(3, "ST-24");
    }
}
