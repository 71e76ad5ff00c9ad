using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using ParScale.Server.Tests;

namespace ParScale.Page.Tests;

public sealed class ChatTests(Browser browser, ChatModel model)
{
    private const string Seeded = """{"seed": "7", "maxTokens": "40", "temperature": "1"}""";

    [Fact]
    public async Task It_chats_and_shows_figures()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Ask("hello");
        Assert.Equal("You: hello", await page.Page.Locator(".asked").TextContentAsync());
        Assert.Equal(await Alone(server, "tiny:p1", "hello"), await page.Answers.Locator(".markdown").TextContentAsync(), ignoreAllWhiteSpace: true);
        string figures = (await page.Page.Locator(".figures").TextContentAsync())!;
        Assert.Matches(@"^P = 1 · \d+ tokens · [\d.]+ tokens/s · first after \d+ ms · seed 7", figures);
        await Assertions.Expect(page.Page.Locator("#server")).ToHaveTextAsync(new Regex(@"^Ready · \d+ running · 0 queued$"));
    }

    [Fact]
    public async Task A_second_message_comes_with_the_first()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Ask("hello");
        IRequest request = await page.Page.RunAndWaitForRequestAsync(() => page.Ask("again"), "**/v1/chat/completions");
        using var body = JsonDocument.Parse(request.PostData!);
        Assert.Equal(["user", "assistant", "user"], body.RootElement.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        Assert.Equal(2, await page.Answers.CountAsync());
    }

    [Fact]
    public async Task The_switch_offers_the_P_of_the_server_and_no_other()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Page.Locator("#streams label").First.WaitForAsync();
        Assert.Equal(["1", "2", "4"], await page.TextsOf("#streams label"));
        await page.Choose("streams", "4");
        await page.Ask("hello");
        Assert.Equal(await Alone(server, "tiny:p4", "hello"), await page.Answers.Locator(".markdown").TextContentAsync(), ignoreAllWhiteSpace: true);
        Assert.StartsWith("P = 4 ·", await page.Page.Locator(".figures").TextContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_P_stand_side_by_side_and_each_says_what_it_says_alone()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, width: 1600, preferences: Seeded);
        await page.Page.ClickAsync("#compare");
        await page.Choose("streams", "2");
        await page.Ask("hello");
        Assert.Equal(["P = 1", "P = 2", "P = 4"], await page.TextsOf(".column-title"));
        string[] texts = await page.TextsOf(".markdown");
        foreach ((int streams, int column) in new[] { (1, 0), (2, 1), (4, 2) })
            Assert.Equal(await Alone(server, $"tiny:p{streams}", "hello"), texts[column], ignoreAllWhiteSpace: true);
        IReadOnlyList<ILocator> columns = await page.Answers.AllAsync();
        LocatorBoundingBoxResult?[] boxes = [await columns[0].BoundingBoxAsync(), await columns[1].BoundingBoxAsync(), await columns[2].BoundingBoxAsync()];
        Assert.All(boxes, box => Assert.Equal(boxes[0]!.Y, box!.Y));
        // With fewer than two there is nothing to compare.
        await page.Choose("streams", "2");
        await page.Choose("streams", "4");
        Assert.True(await page.Page.Locator("#send").IsDisabledAsync());
        Assert.Equal("Choose two to four P", await page.Page.Locator("#hint").TextContentAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stop_ends_the_work_and_keeps_the_text(bool byKey)
    {
        var script = new ScriptedAnswers("so ", "far") { StaysOpen = true };
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server);
        await page.Input.FillAsync("hello");
        await page.Page.ClickAsync("#send");
        await Assertions.Expect(page.Answers).ToContainTextAsync("so far");
        Assert.Equal("Stop", await page.Page.Locator("#send").TextContentAsync());
        if (byKey) await page.Page.Keyboard.PressAsync("Escape");
        else await page.Page.ClickAsync("#send");
        await script.Left;
        await page.Ended();
        Assert.Equal("so far", (await page.Answers.Locator(".markdown").TextContentAsync())!.Trim());
        Assert.EndsWith("stopped", await page.Page.Locator(".figures").TextContentAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("certainty")]
    public async Task Thinking_is_a_fold_above_the_answer(string view)
    {
        var script = new ScriptedAnswers("Let me", " see.", "It is", " **42**.") { Thoughts = 2 };
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server, preferences: JsonSerializer.Serialize(new { view }));
        await page.Ask("hello");
        ILocator fold = page.Answers.Locator("details.thought");
        await Assertions.Expect(fold.Locator("summary")).ToHaveTextAsync(new Regex(@"^Thought( for \d+(\.\d)? s)?$"));
        Assert.Null(await fold.GetAttributeAsync("open"));
        Assert.Equal("Let me see.", await fold.Locator("p").TextContentAsync());
        await Assertions.Expect(fold.Locator("p")).ToBeHiddenAsync();
        await fold.Locator("summary").ClickAsync();
        await Assertions.Expect(fold.Locator("p")).ToBeVisibleAsync();
        Assert.Equal(view == "text" ? "It is 42." : "It is **42**.", (await page.Answers.Locator(view == "text" ? ".markdown" : ".prose > .tokens").TextContentAsync())!.Trim());
        Assert.Equal(view == "text" ? 0 : 4, await page.Page.Locator(".token").CountAsync());
        // The thinking is not sent again, and is there after a reload.
        IRequest request = await page.Page.RunAndWaitForRequestAsync(() => page.Ask("again"), "**/v1/chat/completions");
        using var body = JsonDocument.Parse(request.PostData!);
        Assert.Equal("It is **42**.", body.RootElement.GetProperty("messages")[1].GetProperty("content").GetString());
        Assert.DoesNotContain("see.", request.PostData, StringComparison.Ordinal);
        await page.Page.ReloadAsync();
        await Assertions.Expect(fold.First.Locator("p")).ToHaveTextAsync("Let me see.");
    }

    [Fact]
    public async Task Thinking_is_open_until_the_answer_begins()
    {
        var script = new ScriptedAnswers("Let me", " see.") { Thoughts = 2, StaysOpen = true };
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server, preferences: """{"answersAtOnce": true}""");
        await page.Input.FillAsync("hello");
        IRequest request = await page.Page.RunAndWaitForRequestAsync(() => page.Page.ClickAsync("#send"), "**/v1/chat/completions");
        using var body = JsonDocument.Parse(request.PostData!);
        Assert.Equal("none", body.RootElement.GetProperty("reasoning_effort").GetString());
        ILocator fold = page.Answers.Locator("details.thought");
        await Assertions.Expect(fold.Locator("p")).ToHaveTextAsync("Let me see.");
        await Assertions.Expect(fold.Locator("p")).ToBeVisibleAsync();
        await Assertions.Expect(fold.Locator("summary")).ToHaveTextAsync("Thinking");
        await Assertions.Expect(page.Answers.Locator(".waiting")).ToBeHiddenAsync();
        await page.Page.ClickAsync("#send");
        await page.Ended();
        await Assertions.Expect(fold.Locator("summary")).ToHaveTextAsync("Thought");
    }

    [Fact]
    public async Task Again_and_undo_change_the_last_turn()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Ask("one");
        await page.Ask("two");
        string before = (await page.Answers.Last.Locator(".markdown").TextContentAsync())!;
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Again" }).ClickAsync();
        await page.Ended();
        Assert.Equal(before, await page.Answers.Last.Locator(".markdown").TextContentAsync());
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        Assert.Equal(1, await page.Answers.CountAsync());
        Assert.Equal("two", await page.Input.InputValueAsync());
    }

    [Fact]
    public async Task An_error_is_one_line()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server);
        page.ExpectsFailedRequests = true;
        await page.Ask(string.Concat(Enumerable.Repeat("word ", 400)));
        string error = (await page.Page.Locator(".column .error").TextContentAsync())!;
        Assert.Matches(@"^The prompt has \d+ tokens and the model's context is 400; shorten it\.$", error);
    }

    [Fact]
    public async Task An_error_after_the_first_token_keeps_what_came()
    {
        var script = new ScriptedAnswers("so far") { Error = "the numbers are not finite" };
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server);
        await page.Ask("hello");
        Assert.Equal("so far", await page.Answers.Locator(".markdown").TextContentAsync());
        Assert.Equal("The numbers are not finite.", await page.Page.Locator(".column .error").TextContentAsync());
    }

    private static async Task<string> Alone(TestServer server, string name, string message)
    {
        string request = JsonSerializer.Serialize(new { model = name, messages = new[] { new { role = "user", content = message } }, seed = 7, max_tokens = 40, temperature = 1 });
        JsonElement answer = await server.Ask("/v1/chat/completions", request);
        return answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }
}
