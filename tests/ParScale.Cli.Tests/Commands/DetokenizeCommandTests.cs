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
    [InlineData("1,,2")]
    [InlineData("1,")]
    [InlineData(",1")]
    [InlineData("3 4")]
    [InlineData("3\n4")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("99999999999")]
    [InlineData("275")]
    public void Bad_ids_are_refused(string tokens) => Tool.Run("detokenize", "-m", model.Folder, "--tokens", tokens).Fails(2, "CL-02");

    [Theory]
    [InlineData("3, 4")]
    [InlineData(" 3 ,4\n")]
    public void Spaces_around_ids_do_no_harm(string tokens) => Assert.Equal(
        Tool.Run("detokenize", "-m", model.Folder, "--tokens", "3,4"), Tool.Run("detokenize", "-m", model.Folder, "--tokens", tokens));

    [Fact]
    public void A_screen_gets_no_control_codes_and_everything_else_gets_the_bytes()
    {
        const string hostile = "a\u001b]0;title\u0007\tb\u0000\u007f\u009b2J\r\nc";
        string[] args = ["detokenize", "-m", model.Folder, "--tokens", TinyTokenizer.Ids(hostile)];
        Assert.Equal("a\uFFFD]0;title\uFFFD\tb\uFFFD\uFFFD\uFFFD2J\nc\n", Tool.OnScreen(args).Out);
        Assert.Equal($"{hostile}\n", Tool.Run(args).Out);
        Assert.Equal(hostile, Tool.OnScreen([.. args, "--json"]).Json().GetProperty("text").GetString());
    }

    [Fact]
    public void Rows_of_the_model_without_a_token_read_as_nothing_and_the_range_named_is_the_models()
    {
        using var folder = new TempFolder();
        int rows = TinyTokenizer.VocabularySize + 5;
        folder.Write("config.json", (model.Config with { Model = model.Config.Model with { VocabularySize = rows } }).ToJson());
        TinyTokenizer.Write(folder.Path);
        string ids = $"{rows - 1},{TinyTokenizer.Id('a')},{TinyTokenizer.VocabularySize}";
        Assert.Equal("a\n", Tool.Run("detokenize", "-m", folder.Path, "--tokens", ids).Out);
        string error = Tool.Run("detokenize", "-m", folder.Path, "--tokens", $"{rows}").Fails(2, "CL-02");
        Assert.Contains($"0 to {rows - 1}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_ids_and_pipe_there_is_nothing_to_read() => Tool.Run("detokenize", "-m", model.Folder).Fails(2, "CL-02");
}
