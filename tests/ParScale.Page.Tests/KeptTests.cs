using System.Text.Json;
using Microsoft.Playwright;
using ParScale.Server.Tests;

namespace ParScale.Page.Tests;

/// <summary>Conversations, choices and keys stay in the browser.</summary>
public sealed class KeptTests(Browser browser, ChatModel model)
{
    [Fact]
    public async Task A_conversation_survives_a_reload_with_its_tokens()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: """{"maxTokens": "24", "view": "streams", "streams": "4"}""");
        await page.Ask("hello");
        string[] before = await page.TextsOf(".column .tokens");
        await page.Page.ReloadAsync();
        await page.Answers.First.WaitForAsync();
        Assert.Equal(before, await page.TextsOf(".column .tokens"));
        Assert.Equal(4, await page.Page.Locator(".legend li").CountAsync());
        Assert.Equal("hello", await page.Page.Locator("#title").TextContentAsync());
        Assert.Equal("true", await page.Page.Locator(".conversation").GetAttributeAsync("aria-current"));
    }

    [Fact]
    public async Task Conversations_are_listed_renamed_saved_and_deleted()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: """{"maxTokens": "4"}""");
        await page.Ask("first");
        await page.Page.ClickAsync("#new");
        await page.Ask("second");
        Assert.Equal(["second", "first"], await page.TextsOf(".conversation"));
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Rename second" }).ClickAsync();
        await page.Page.Locator("#ask-field input").FillAsync("renamed");
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator("#title")).ToHaveTextAsync("renamed");
        IDownload saved = await page.Page.RunAndWaitForDownloadAsync(() => page.Page.GetByRole(AriaRole.Button, new() { Name = "Save renamed as JSON" }).ClickAsync());
        Assert.Equal("renamed.json", saved.SuggestedFilename);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(await saved.PathAsync(), TestContext.Current.CancellationToken));
        Assert.Equal("second", json.RootElement.GetProperty("turns")[0].GetProperty("input").GetString());
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Delete renamed" }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Page.Locator(".conversation")).ToHaveTextAsync(["first"]);
        await page.Page.ReloadAsync();
        await Assertions.Expect(page.Page.Locator(".conversation")).ToHaveTextAsync(["first"]);
        await page.Page.ClickAsync(".conversation");
        Assert.Equal("You: first", await page.Page.Locator(".asked").TextContentAsync());
    }

    [Fact]
    public async Task What_is_deleted_while_it_is_written_does_not_come_back()
    {
        var script = new ScriptedAnswers("so far") { StaysOpen = true };
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server);
        await page.Input.FillAsync("hello");
        await page.Page.ClickAsync("#send");
        await Assertions.Expect(page.Answers).ToContainTextAsync("so far");
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Delete hello" }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await script.Left;
        await page.Page.Locator("#send:not(.stop)").WaitForAsync();
        await page.Page.ReloadAsync();
        await page.Page.Locator(".welcome h2").WaitForAsync();
        Assert.Equal(0, await page.Page.Locator(".conversation").CountAsync());
    }

    [Fact]
    public async Task Full_storage_costs_the_details_of_old_tokens_and_no_text()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: """{"maxTokens": "120", "view": "streams"}""");
        await page.Ask("old");
        string text = (await page.Page.Locator(".column .tokens").TextContentAsync())!;
        // Fills what is left to the last byte.
        await page.Page.EvaluateAsync("""
            () => {
              let text = 'x'.repeat(1 << 22);
              for (let i = 0; text.length > 0; i++) try { localStorage.setItem('filler' + i, text); } catch { text = text.slice(0, text.length / 2); }
            }
            """);
        await page.Page.ClickAsync("#new");
        await page.Ask("new");
        await Assertions.Expect(page.Page.Locator("#error")).ToBeHiddenAsync();
        string kept = await page.Page.EvaluateAsync<string>("() => Object.entries({ ...localStorage }).find(([name, value]) => name.startsWith('parscale.conversation.') && JSON.parse(value).title === 'old')[1]");
        using var old = JsonDocument.Parse(kept);
        JsonElement answer = old.RootElement.GetProperty("turns")[0].GetProperty("answers")[0];
        Assert.Equal(text, answer.GetProperty("text").GetString());
        Assert.False(answer.TryGetProperty("segments", out _));
    }

    [Fact]
    public async Task A_key_is_asked_for_and_gone_with_the_tab()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ParScale.Server.ServerOptions { ApiKeys = ["secret"] });
        await using OpenPage page = await browser.Open(server);
        page.ExpectsFailedRequests = true;
        ILocator field = page.Page.GetByLabel("API key", new() { Exact = true });
        await field.FillAsync("wrong");
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator("#ask-text")).ToHaveTextAsync("The API key is wrong.");
        await field.FillAsync("secret");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.Ask("hello");
        Assert.Equal(1, await page.Answers.CountAsync());
        Assert.Equal("secret", await page.Page.EvaluateAsync<string>("() => sessionStorage.getItem('parscale.key')"));
        Assert.DoesNotContain("secret", await page.Page.EvaluateAsync<string>("() => JSON.stringify({ ...localStorage })"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_reach_the_server_and_stay()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server);
        await page.Page.ClickAsync("#open-settings");
        foreach ((string name, string value) in new[] { ("temperature", "0.7"), ("topP", "0.9"), ("maxTokens", "5"), ("seed", "99"), ("system", "Be brief.") })
            await page.Page.FillAsync($"#settings [name={name}]", value);
        await page.Page.ClickAsync("#settings [value=save]");
        await page.Page.ReloadAsync();
        IRequest request = await page.Page.RunAndWaitForRequestAsync(() => page.Ask("hello"), "**/v1/chat/completions");
        using var body = JsonDocument.Parse(request.PostData!);
        Assert.Equal((0.7, 0.9, 5, 99), (body.RootElement.GetProperty("temperature").GetDouble(), body.RootElement.GetProperty("top_p").GetDouble(),
            body.RootElement.GetProperty("max_tokens").GetInt32(), body.RootElement.GetProperty("seed").GetInt32()));
        Assert.Equal("Be brief.", body.RootElement.GetProperty("messages")[0].GetProperty("content").GetString());
    }
}
