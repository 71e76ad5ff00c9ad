using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

public class TokenizeCommandTests(TinyModel model)
{
    [Fact]
    public void Json_holds_the_ids()
    {
        JsonElement json = Tool.Run("tokenize", "-m", model.Folder, "-p", "the a", "--json").Json();
        Assert.Equal([TinyTokenizer.Bytes + 1, TinyTokenizer.Id(' '), TinyTokenizer.Id('a')], json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
    }

    [Fact]
    public void Empty_text_has_no_ids() =>
        Assert.Equal(0, Tool.Run("tokenize", "-m", model.Folder, "-p", "", "--json").Json().GetProperty("ids").GetArrayLength());

    [Fact]
    public void Plain_output_can_be_given_to_tokens()
    {
        string ids = Tool.Run("tokenize", "-m", model.Folder, "-p", "the é😀").Out;
        Assert.Equal("the é😀\n", Tool.Run("detokenize", "-m", model.Folder, "--tokens", ids.TrimEnd()).Out);
        Assert.Equal("the é😀\n", Tool.Pipe(ids, "detokenize", "-m", model.Folder).Out);
    }

    [Fact]
    public void Special_names_are_text_unless_asked_for()
    {
        Assert.NotEqual($"{TinyTokenizer.EndOfText}\n", Tool.Run("tokenize", "-m", model.Folder, "-p", TinyTokenizer.EndOfTextName).Out);
        Assert.Equal($"{TinyTokenizer.EndOfText}\n", Tool.Run("tokenize", "-m", model.Folder, "-p", TinyTokenizer.EndOfTextName, "--special").Out);
    }

    [Fact]
    public void TK_05_a_tokenizer_that_does_not_fit_the_config_is_refused_without_weights_too()
    {
        using var folder = new TempFolder();
        folder.Write("config.json", (model.Config with { Model = model.Config.Model with { VocabularySize = TinyTokenizer.VocabularySize - 1, EndOfTextIds = [] } }).ToJson());
        TinyTokenizer.Write(folder.Path);
        Tool.Run("tokenize", "-m", folder.Path, "-p", "a").Fails(3, "TK-05");
        Tool.Run("detokenize", "-m", folder.Path, "--tokens", "1").Fails(3, "TK-05");
    }

    [Fact]
    public void A_broken_config_is_reported_and_a_folder_without_one_works()
    {
        using var folder = new TempFolder();
        TinyTokenizer.Write(folder.Path);
        Assert.Equal($"{TinyTokenizer.Id('a')}\n", Tool.Run("tokenize", "-m", folder.Path, "-p", "a").Out);
        Assert.Equal("a\n", Tool.Run("detokenize", "-m", folder.Path, "--tokens", $"{TinyTokenizer.Id('a')}").Out);
        folder.Write("config.json", "{");
        Tool.Run("tokenize", "-m", folder.Path, "-p", "a").Fails(3, "CF-01");
        Tool.Run("detokenize", "-m", folder.Path, "--tokens", "1").Fails(3, "CF-01");
    }

    [Fact]
    public void What_a_tokenizer_asks_for_in_vain_is_noted_once_wherever_it_is_used()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, model.Config, TinyModel.Seed);
        TinyTokenizer.Write(folder.Path);
        string file = File.ReadAllText(folder.File("tokenizer.json"));
        folder.Write("tokenizer.json", file.Replace("\"truncation\": null", "\"truncation\": {\"max_length\": 1}", StringComparison.Ordinal));
        Outcome run = Tool.Run("tokenize", "-m", folder.Path, "-p", "abc");
        Assert.Equal(TinyTokenizer.Ids("abc") + "\n", run.Out);
        Assert.StartsWith("parscale: tokenizer.json: truncation", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
        Assert.Contains("truncation", Tool.Run("score", "-m", folder.Path, "-p", "abc").Error, StringComparison.Ordinal);
        Assert.Contains("truncation", Tool.Run("inspect", "-m", folder.Path).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_without_tokenizer_is_bad_input()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, model.Config, TinyModel.Seed);
        Assert.Contains("tokenizer.json", Tool.Run("tokenize", "-m", folder.Path, "-p", "x").Fails(3, "TK-01"), StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", Tool.Run("generate", "-m", folder.Path, "-p", "x").Fails(3, "TK-01"), StringComparison.Ordinal);
    }
}
