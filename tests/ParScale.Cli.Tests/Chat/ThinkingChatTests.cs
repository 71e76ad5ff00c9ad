using System.Text.Json;
using ParScale.Cli.Tests.Support;
using static ParScale.TestSupport.ThinkingModels;

namespace ParScale.Cli.Tests.Chat;

/// <summary>A chat with a model that thinks before it answers.</summary>
public sealed class ThinkingChatTests : IDisposable
{
    private readonly ScriptedModel _scripted = Opening();

    private string[] Common => ["chat", "-m", _scripted.Folder, "--temp", "0"];

    public void Dispose() => _scripted.Dispose();

    [Fact]
    public void Only_the_answer_goes_to_standard_output()
    {
        Outcome run = Tool.Run([.. Common, "-p", "What is it?"]);
        Assert.Equal((0, Said + "\n"), (run.Exit, run.Out));
        Assert.StartsWith(Thought + "\n\n", run.Error, StringComparison.Ordinal);
        Assert.Equal("", Tool.Run([.. Common, "-p", "What is it?", "-q"]).Error);
    }

    [Fact]
    public void In_JSON_it_has_a_field_and_the_next_turn_is_given_it()
    {
        JsonElement json = Tool.Pipe("What is it?\n/think off\nAnd now?\n/think\n", [.. Common, "--lines", "--json"]).Json();
        JsonElement[] turns = [.. json.GetProperty("turns").EnumerateArray()];
        Assert.Equal((Thought, Said), (turns[0].GetProperty("thinking").GetString(), turns[0].GetProperty("text").GetString()));
        Assert.Equal(AtOnce, turns[1].GetProperty("text").GetString());
        Assert.Equal(Thought, json.GetProperty("messages")[1].GetProperty("reasoning_content").GetString());
        Assert.False(json.GetProperty("messages")[3].TryGetProperty("reasoning_content", out _));
    }

    [Theory]
    [InlineData("on", Said)]
    [InlineData("off", AtOnce)]
    public void A_flag_turns_it_on_or_off(string word, string said) => Assert.Equal(said + "\n", Tool.Run([.. Common, "--think", word, "-p", "What is it?"]).Out);

    [Fact]
    public void A_wrong_word_and_a_model_without_a_switch_are_refused()
    {
        Assert.Contains("--think needs on or off, not \"maybe\"", Refused([.. Common, "--think", "maybe", "-p", "x"]), StringComparison.Ordinal);
        using ScriptedModel controls = Controls();
        Assert.Contains("CT-18", Refused("chat", "-m", controls.Folder, "--think", "off", "-p", "x"), StringComparison.Ordinal);
        Assert.Contains("a chat template", Refused("chat", "--chat-template", "none", "--think", "off", "-p", "x"), StringComparison.Ordinal);

        static string Refused(params string[] args)
        {
            Outcome run = Tool.Run(args);
            Assert.Equal(2, run.Exit);
            return run.Error;
        }
    }

    [Fact]
    public void On_a_screen_it_is_dimmed() =>
        Assert.Contains($"\u001b[2m{Thought}\u001b[0m\n\n{Said}", Tool.Type("What is it?\r/exit\r", colours: true, null, Common).Out, StringComparison.Ordinal);
}
