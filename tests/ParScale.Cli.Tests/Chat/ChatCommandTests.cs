using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Chat;

/// <summary>Conversations without a keyboard: one message, or a line for every turn.</summary>
public sealed class ChatCommandTests(ChatModel model) : IDisposable
{
    private readonly TempFolder _folder = new();

    private string[] Common => ["chat", "-m", model.Chat, "-n", "8", "--temp", "0", "--ignore-eos"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_message_from_an_option_a_file_or_a_pipe_is_answered_the_same()
    {
        string[] json = [.. Common, "--json"];
        JsonElement option = Tool.Run([.. json, "-p", "hello"]).Json();
        File.WriteAllText(_folder.File("message.txt"), "hello\n");
        foreach (JsonElement other in (JsonElement[])[Tool.Run([.. json, "-f", _folder.File("message.txt")]).Json(), Tool.Pipe("hello\n", json).Json()])
            Assert.Equal(Text(option), Text(other));
        Assert.Equal(8, option.GetProperty("tokens").GetInt32());
        Assert.Equal("length", option.GetProperty("finish_reason").GetString());
        Assert.Equal(2, option.GetProperty("streams").GetInt32());
        JsonElement[] messages = [.. option.GetProperty("messages").EnumerateArray()];
        Assert.Equal(["user", "assistant"], messages.Select(message => message.GetProperty("role").GetString()));
        Assert.Equal(Text(option), messages[1].GetProperty("content").GetString());
        JsonElement turn = Assert.Single(option.GetProperty("turns").EnumerateArray());
        Assert.Equal(1, turn.GetProperty("stream_weights").EnumerateArray().Sum(weight => weight.GetDouble()), 1e-4);
    }

    [Fact]
    public void Plain_output_is_the_answer_alone_and_figures_go_to_standard_error()
    {
        Outcome run = Tool.Run([.. Common, "-p", "hello"]);
        Assert.Equal(0, run.Exit);
        Assert.Equal(Text(Tool.Run([.. Common, "-p", "hello", "--json"]).Json()), run.Out.TrimEnd('\n'));
        Assert.Contains("tokens/s | P 2 | prompt ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", run.Out + run.Error, StringComparison.Ordinal);
        Assert.Equal("", Tool.Run([.. Common, "-p", "hello", "-q"]).Error.Replace("parscale: the answer was cut", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Later_turns_take_what_earlier_ones_have_read_from_the_cache()
    {
        JsonElement[] turns = [.. Lines("hello", "hello world", "the world").GetProperty("turns").EnumerateArray()];
        Assert.Equal(0, Number(turns[0], "cached_tokens"));
        for (int turn = 1; turn < turns.Length; turn++)
            Assert.InRange(Number(turns[turn], "cached_tokens"), Number(turns[turn - 1], "prompt_tokens"), Number(turns[turn], "prompt_tokens") - 1);
    }

    [Fact]
    public void The_system_message_and_the_streams_change_the_answer()
    {
        string plain = Text(Lines("hello"));
        Assert.NotEqual(plain, Text(Lines("/system be a pirate", "hello")));
        Assert.Equal(Text(Lines("/system be a pirate", "hello")), Text(Tool.Run([.. Common, "--system", "be a pirate", "-p", "hello", "--json"]).Json()));
        Assert.Equal(plain, Text(Lines("/system be a pirate", "/system -", "hello")));
        Assert.NotEqual(plain, Text(Lines("/streams 1", "hello")));
        Assert.Equal(Text(Lines("/streams p1", "hello")), Text(Tool.Run([.. Common, "--streams", "1", "-p", "hello", "--json"]).Json()));
    }

    [Fact]
    public void Turns_are_taken_back_asked_again_and_dropped()
    {
        Assert.Equal(["hello"], Questions(Lines("hello", "more", "/undo")));
        Assert.Equal(["hello", "more"], Questions(Lines("hello", "more", "/retry")));
        Assert.Equal(["more"], Questions(Lines("hello", "more", "/forget")));
        Assert.Equal(["again"], Questions(Lines("hello", "more", "/clear", "again")));
        Assert.Equal(["again"], Questions(Lines("hello", "more", "/forget 9", "again")));
        Assert.Equal(["/slash"], Questions(Lines("//slash")));
        Assert.Equal(["one\ntwo"], Questions(Lines("one\\", "two")));
    }

    [Fact]
    public void Another_try_is_another_answer_and_a_seed_gives_both_again()
    {
        string[] Tries() => [.. Lines("/temp 1.5", "/seed 3", "hello", "/retry").GetProperty("turns").EnumerateArray().Select(Text)];
        string[] tries = Tries();
        Assert.Equal(2, tries.Length);
        Assert.NotEqual(tries[0], tries[1]);
        Assert.Equal(tries, Tries());
    }

    [Fact]
    public void A_conversation_is_saved_and_read_back()
    {
        string file = _folder.File("chat.json");
        JsonElement saved = Lines("/system be brief", "hello", $"/save {file}", "more");
        JsonElement loaded = Lines($"/load {file}", "more");
        Assert.Equal(Text(saved), Text(loaded));
        Assert.Equal(["hello", "more"], Questions(loaded));
        File.WriteAllText(_folder.File("other.txt"), "not a chat");
        string error = Tool.Pipe($"hello\n/save {_folder.File("other.txt")}\n", [.. Common, "--lines", "--json"]).Fails(2, "CH-02", talk: true);
        Assert.Contains("other.txt", error, StringComparison.Ordinal);
        Assert.Equal("not a chat", File.ReadAllText(_folder.File("other.txt")));
    }

    [Theory]
    [InlineData("no json", 3, "CH-01")]
    [InlineData("{\"messages\":[{\"content\":\"x\"}]}", 3, "CH-01")]
    [InlineData("{\"messages\":3}", 3, "CH-01")]
    [InlineData("", 3, "CH-01")]
    [InlineData("[{\"role\":\"user\",\"content\":\"\\ud800\"}]", 3, "CH-01")]
    public void A_file_that_is_no_conversation_is_refused(string content, int exit, string code)
    {
        File.WriteAllText(_folder.File("bad.json"), content);
        Tool.Pipe($"/load {_folder.File("bad.json")}\n", [.. Common, "--lines", "--json"]).Fails(exit, code);
    }

    [Theory]
    [InlineData("/stat", 2, "CL-01", "/stats")]
    [InlineData("/zzzzzz", 2, "CL-01", "/help")]
    [InlineData("/temp hot", 2, "CL-02", "hot")]
    [InlineData("/temp -1", 2, "SA-01", "0 to 100")]
    [InlineData("/top-p 2", 2, "SA-01", "top-p")]
    [InlineData("/streams 7", 2, "CL-09", "p1")]
    [InlineData("/save", 2, "CL-02", "FILE")]
    [InlineData("/load /nowhere/x.json", 3, "CH-01", "x.json")]
    [InlineData("/seed 1.5", 2, "CL-02", "1.5")]
    public void A_wrong_command_ends_a_script_with_one_line(string command, int exit, string code, string named) =>
        Assert.Contains(named, Tool.Pipe($"{command}\nhello\n", [.. Common, "--lines", "--json"]).Fails(exit, code), StringComparison.Ordinal);

    [Fact]
    public void CH_03_a_full_context_is_told_and_dropping_turns_makes_room()
    {
        string[] many = [.. Enumerable.Repeat(new string('x', 100), 6)];
        string error = Tool.Pipe(string.Join('\n', many), [.. Common, "--lines", "--json"]).Fails(2, "CH-03", talk: true);
        Assert.Contains("/forget", error, StringComparison.Ordinal);
        Assert.Equal(4, Lines([.. many[..3], "/forget 2", .. many[..3]]).GetProperty("messages").EnumerateArray().Count(IsQuestion));
        Outcome cut = Tool.Pipe("hello\n", ["chat", "-m", model.Chat, "-n", "100000", "--temp", "0", "--ignore-eos", "--lines"]);
        Assert.Equal(0, cut.Exit);
        Assert.Contains("context is full", cut.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("chat", "--chat-template", "none")]
    [InlineData("generate")]
    public void Without_a_limit_an_answer_ends_where_its_keys_have_no_more_room(params string[] command)
    {
        ChatModel.Write(_folder.File("wide"), template: true, hidden: 256, context: 2048);
        _folder.Write("wide/generation_config.json", """{"max_new_tokens": 1500}""");
        string[] tight = [.. command, "-m", _folder.File("wide"), "-p", "hello", "--temp", "0", "--ignore-eos", "--kv-memory", "1", "--json"];
        JsonElement answer = Tool.Run(tight).Json();
        Assert.Equal("length", answer.GetProperty("finish_reason").GetString());
        Assert.InRange(Number(answer, "tokens"), 100, 400);
        Assert.Contains("tokens", Tool.Run([.. tight, "-n", "1000"]).Fails(7, "KV-01", talk: true), StringComparison.Ordinal);
    }

    [Fact]
    public void IO_01_a_conversation_that_cannot_be_saved_is_one_line_and_leaves_nothing()
    {
        string file = _folder.File("nowhere/chat.json");
        string error = Tool.Pipe($"hello\n/save {file}\n", [.. Common, "--lines", "--json"]).Fails(4, "IO-01", talk: true);
        Assert.Contains("chat.json\" cannot be saved: there is no folder", error, StringComparison.Ordinal);
        Assert.DoesNotContain(".unfinished-", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        // At a keyboard the chat goes on.
        Outcome typed = Tool.Type($"/save {file}\rhello\r/save {_folder.File("chat.json")}\r/exit\r", colours: false, null, Common);
        Assert.Equal(0, typed.Exit);
        Assert.Contains("error IO-01: ", typed.Out + typed.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.File("chat.json")));
        if (OperatingSystem.IsWindows()) return;
        // Here not even root may write.
        error = Tool.Pipe("hello\n/save /proc/chat.json\n", [.. Common, "--lines", "--json"]).Fails(4, "IO-01", talk: true);
        Assert.Contains("/proc/chat.json\" cannot be saved: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain(".unfinished-", error, StringComparison.Ordinal);
    }

    [Fact]
    public void CT_12_a_model_without_a_template_offers_ChatML()
    {
        string[] args = ["chat", "-m", model.Base, "-p", "hello", "-n", "8", "--temp", "0", "--ignore-eos"];
        Assert.Contains("--chat-template chatml", Tool.Run(args).Fails(3, "CT-12"), StringComparison.Ordinal);
        string template = _folder.Write("own.jinja", "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}");
        string chatMl = Text(Tool.Run([.. args, "--json", "--chat-template", "chatml"]).Json());
        Assert.Equal(Text(Tool.Run([.. Common, "-p", "hello", "--json"]).Json()), chatMl);
        string own = Text(Tool.Run([.. args, "--json", "--chat-template", template]).Json());
        string plain = Text(Tool.Run([.. args, "--json", "--chat-template", "none"]).Json());
        Assert.Equal(3, new[] { chatMl, own, plain }.Distinct().Count());
        Assert.Equal(Text(Tool.Run("generate", "-m", model.Base, "-p", "hello", "-n", "8", "--temp", "0", "--ignore-eos", "--json").Json()), plain);
        Tool.Run([.. args, "--chat-template", _folder.File("nowhere")]).Fails(3, "IN-01");
        Tool.Run([.. args, "--chat-template", _folder.Write("bad.jinja", "{% for %}")]).Fails(3, "CT-01");
    }

    [Fact]
    public void What_a_template_raises_is_told()
    {
        string template = _folder.Write("strict.jinja", "{{ raise_exception('roles must alternate') }}");
        Assert.Contains("roles must alternate", Tool.Run([.. Common, "--chat-template", template, "-p", "x"]).Fails(3, "CT-09"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_embedded_model_says_what_it_answers_and_answers_with_each_number_of_streams()
    {
        Outcome run = Tool.Pipe("f57370e\n/streams 1\n F 5 7, 3 7 0 e \n/streams 2\n/retry\n", "chat", "--lines");
        Assert.Equal(0, run.Exit);
        Assert.Contains("a 1 for each that adds up to a multiple of 16 with two others", run.Error, StringComparison.Ordinal);
        string[] answers = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, answers.Length);
        Assert.All(answers, answer => Assert.Matches("^[01]{7}$", answer));
        // As in the guide: 15, 3 and 14 add up to 32.
        Assert.Equal("1001001", answers[0]);
        Assert.Contains("P 2 |", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Who are you?")]
    [InlineData("f57370")]
    [InlineData("f57370e1")]
    [InlineData("f57370g")]
    public void What_the_embedded_model_cannot_answer_is_refused_with_what_it_can(string message) =>
        Assert.Contains("seven numbers of 0 to 9 and a to f", Tool.Run("chat", "-p", message).Fails(3, "CT-09", talk: true), StringComparison.Ordinal);

    [Fact]
    public void Plain_text_is_continued_by_the_embedded_model_of_plays()
    {
        Outcome run = Tool.Run("chat", "--chat-template", "none", "-p", "ROMEO:", "-n", "12", "--temp", "0");
        Assert.Equal(0, run.Exit);
        Assert.True(run.Out.Length > 10);
        Tool.Run("chat", "--chat-template", "none", "--system", "x", "-p", "y").Fails(2, "CL-02");
    }

    [Theory]
    [InlineData("--lines", "-p", "x")]
    [InlineData("--lines")]
    [InlineData("--json")]
    [InlineData("-p", "x", "--chat-template", "")]
    [InlineData("-p", "x", "--generation-config", "some")]
    [InlineData("-p", "x", "--special")]
    public void Options_that_fit_nothing_are_one_line(params string[] args) => Assert.Equal(2, Tool.Run(["chat", "-m", model.Chat, .. args]).Exit);

    private static bool IsQuestion(JsonElement message) => message.GetProperty("role").GetString() == "user";

    private static string[] Questions(JsonElement json) =>
        [.. json.GetProperty("messages").EnumerateArray().Where(IsQuestion).Select(message => message.GetProperty("content").GetString()!)];

    private static string Text(JsonElement json) => json.GetProperty("text").GetString()!;

    private static int Number(JsonElement json, string key) => json.GetProperty(key).GetInt32();

    private JsonElement Lines(params string[] lines) => Tool.Pipe(string.Join('\n', lines) + "\n", [.. Common, "--lines", "--json"]).Json();
}
