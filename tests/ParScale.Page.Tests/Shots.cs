using Microsoft.Playwright;
using ParScale.Server.Tests;

namespace ParScale.Page.Tests;

public sealed class Shots(Browser browser, ChatModel model, EmbeddedModels embedded)
{
    [Theory]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(360, ColorScheme.Dark)]
    [InlineData(1200, ColorScheme.Light)]
    [InlineData(1200, ColorScheme.Dark)]
    public async Task Take(int width, ColorScheme scheme)
    {
        Directory.CreateDirectory("/tmp/shots");
        int n = 0;
        await using (TestServer server = await TestServer.StartAll(embedded.Models))
        await using (OpenPage page = await browser.Open(server, width, width == 360 ? 740 : 800, scheme, """{"seed": "2", "maxTokens": "60"}""", hasTouch: width == 360))
        {
            async Task Shot(string name) => await page.Page.ScreenshotAsync(new() { Path = $"/tmp/shots/{width}-{scheme}-{n++}-{name}.png" });
            await page.Page.Locator(".welcome h2").WaitForAsync();
            await Shot("empty");
            await page.Ask("ROMEO:");
            await Shot("one");
            if (width == 360) await page.Page.Locator(".token").Nth(7).TapAsync(); else await page.Page.Locator(".token").Nth(7).HoverAsync();
            await Shot("token");
            await page.Page.ClickAsync("#compare");
            await Shot("compare-choice");
            await page.Page.ClickAsync("#new", new() { Force = true, Timeout = 2000 }).ContinueWith(_ => { });
            if (width > 500)
            {
                await page.Choose("streams", "2");
                await page.Ask("JULIET:");
                await Shot("side");
                await page.Choose("view", "Certainty");
                await page.Page.Locator(".token").Nth(30).HoverAsync();
                await Shot("certainty");
            }
            await page.Page.ClickAsync("#open-settings");
            await Shot("settings");
        }
        await using TestServer chat = await TestServer.StartAll([("tiny", model.Model)], before: new ScriptedAnswers("Let me think about what this asks. ", "A haiku has three lines of five, seven and five syllables, so count them.\n\n", "Memory is the theme.", "Here is **one**:\n\n", "> Wide lanes, waiting cores\n> bytes arrive in patient rows\n> the next token blooms\n\n", "It follows `5-7-5`.\n\n| line | syllables |\n|---|---|\n| 1 | 5 |\n| 2 | 7 |\n") { Thoughts = 3 }.Answer);
        await using OpenPage talk = await browser.Open(chat, width, width == 360 ? 740 : 800, scheme, "{}", hasTouch: width == 360);
        await talk.Ask("Write a haiku about memory bandwidth.");
        await talk.Page.ScreenshotAsync(new() { Path = $"/tmp/shots/{width}-{scheme}-8-chat.png" });
        await talk.Page.Locator(".thought summary").ClickAsync();
        await talk.Page.ScreenshotAsync(new() { Path = $"/tmp/shots/{width}-{scheme}-9-thought.png" });
    }
}
