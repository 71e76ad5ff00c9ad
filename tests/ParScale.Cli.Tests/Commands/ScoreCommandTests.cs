using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

public class ScoreCommandTests(TinyModel model)
{
    [Fact]
    public void Json_by_ids_counts_predicted_tokens_and_names_no_characters()
    {
        JsonElement json = Tool.Run("score", "-m", model.Folder, "--tokens", "1,2,3,4", "--json").Json();
        double nll = json.GetProperty("nll").GetDouble();
        Assert.True(nll > 0);
        Assert.Equal(3, json.GetProperty("tokens").GetInt32());
        Assert.Equal(Math.Exp(nll), json.GetProperty("perplexity").GetDouble(), 1e-9 * Math.Exp(nll));
        Assert.False(json.TryGetProperty("characters", out _));
    }

    [Fact]
    public void Json_by_text_adds_the_score_per_character()
    {
        JsonElement json = Tool.Run("score", "-m", model.Folder, "-p", "the é😀", "--json").Json();
        // Nothing predicts the first token, "the".
        Assert.Equal(3, json.GetProperty("characters").GetInt32());
        double total = json.GetProperty("nll").GetDouble() * json.GetProperty("tokens").GetInt32();
        Assert.Equal(total / 3, json.GetProperty("nll_per_character").GetDouble(), 1e-9);
    }

    [Fact]
    public void A_text_whose_characters_are_all_in_its_first_token_has_no_score_per_character()
    {
        // The embedded model has two tokens for it, of which the second only ends the character.
        JsonElement json = Tool.Run("score", "-p", "é", "--json").Json();
        Assert.Equal((1, 0), (json.GetProperty("tokens").GetInt32(), json.GetProperty("characters").GetInt32()));
        Assert.False(json.TryGetProperty("nll_per_character", out JsonElement per) && per.ValueKind != JsonValueKind.Null);
        Assert.DoesNotContain("per character", Tool.Run("score", "-p", "é").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void File_pipe_and_prompt_agree()
    {
        using var folder = new TempFolder();
        string file = folder.Write("text.txt", "To be, or not");
        string byPrompt = Tool.Run("score", "-m", model.Folder, "-p", "To be, or not", "--json").Out;
        Assert.Equal(byPrompt, Tool.Run("score", "-m", model.Folder, "--file", file, "--json").Out);
        Assert.Equal(byPrompt, Tool.Pipe("To be, or not", "score", "-m", model.Folder, "--json").Out);
    }

    [Fact]
    public void Text_of_one_token_cannot_be_scored() => Tool.Run("score", "-m", model.Folder, "-p", "a").Fails(2, "CL-02");

    [Fact]
    public void Cancelled_score_exits_130_without_output()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Outcome run = Tool.RunWith(null, cancelled.Token, "score", "-m", model.Folder, "-p", "To be, or not", "--json");
        Assert.Equal((130, "", ""), (run.Exit, run.Out, run.Error));
    }
}
