using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

public class DetokenizeCommandTests(TinyModel model)
{
    [Fact]
    public void Json_holds_the_text_with_letters_left_readable()
    {
        Outcome run = Tool.Run("detokenize", "-m", model.Folder, "--tokens", TinyTokenizer.Ids("<é\"\n"), "--json");
        Assert.Equal("<é\"\n", run.Json().GetProperty("text").GetString());
        Assert.Contains("<é\\\"\\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_character_reads_as_the_replacement_character() =>
        Assert.Equal("\uFFFD\n", Tool.Run("detokenize", "-m", model.Folder, "--tokens", $"{TinyTokenizer.Id(0xC3)}").Out);

    [Theory]
    [InlineData("1,x")]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("99999999999")]
    [InlineData("259")]
    public void Bad_ids_are_refused(string tokens) => Tool.Run("detokenize", "-m", model.Folder, "--tokens", tokens).Fails(2, "CL-02");

    [Fact]
    public void Rows_of_the_model_without_a_token_read_as_nothing_and_the_range_named_is_the_models()
    {
        using var folder = new TempFolder();
        int rows = TinyTokenizer.VocabularySize + 5;
        folder.Write("config.json", (model.Config with { VocabularySize = rows }).ToJson());
        TinyTokenizer.Write(folder.Path);
        string ids = $"{rows - 1},{TinyTokenizer.Id('a')},{TinyTokenizer.VocabularySize}";
        Assert.Equal("a\n", Tool.Run("detokenize", "-m", folder.Path, "--tokens", ids).Out);
        string error = Tool.Run("detokenize", "-m", folder.Path, "--tokens", $"{rows}").Fails(2, "CL-02");
        Assert.Contains($"0 to {rows - 1}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_ids_and_pipe_there_is_nothing_to_read() => Tool.Run("detokenize", "-m", model.Folder).Fails(2, "CL-02");
}
