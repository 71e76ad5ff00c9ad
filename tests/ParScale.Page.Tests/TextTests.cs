using System.Text.Json;
using Microsoft.Playwright;
using ParScale.Server.Tests;

namespace ParScale.Page.Tests;

/// <summary>Models without a chat template continue texts; the embedded one is such.</summary>
public sealed class TextTests(Browser browser, Embedded embedded)
{
    private const string Seeded = """{"seed": "2", "maxTokens": "48"}""";

    [Fact]
    public async Task A_base_model_continues_what_is_written()
    {
        await using TestServer server = await TestServer.Start(embedded.Model, name: "shakespeare");
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await Assertions.Expect(page.Page.Locator(".welcome h2")).ToHaveTextAsync("Begin a text");
        Assert.Equal(["1", "2", "4"], await page.TextsOf("#streams label"));
        await page.Ask("ROMEO:");
        JsonElement alone = await server.Ask("/v1/completions", """{"model": "shakespeare", "prompt": "ROMEO:", "seed": 2, "max_tokens": 48}""");
        string expected = "ROMEO:" + alone.GetProperty("choices")[0].GetProperty("text").GetString();
        Assert.Equal(expected, await page.Page.Locator(".manuscript").TextContentAsync());
    }

    [Fact]
    public async Task A_text_goes_on_beyond_the_context()
    {
        await using TestServer server = await TestServer.Start(embedded.Model, name: "shakespeare");
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Ask("ROMEO:");
        string text = (await page.Page.Locator(".manuscript").TextContentAsync())!;
        for (int i = 0; i < 3; i++)
        {
            await page.Ask("");
            string longer = (await page.Page.Locator(".manuscript").TextContentAsync())!;
            Assert.StartsWith(text, longer, StringComparison.Ordinal);
            Assert.True(longer.Length > text.Length);
            text = longer;
        }
        Assert.Matches(@"read the last 80 of \d+ tokens", await page.Page.Locator(".figures").TextContentAsync());
    }

    [Fact]
    public async Task The_map_shows_which_stream_led_each_token()
    {
        await using TestServer server = await TestServer.Start(embedded.Model, name: "shakespeare");
        await using OpenPage page = await browser.Open(server, preferences: """{"seed": "1", "maxTokens": "48"}""");
        await page.Ask("ROMEO:");
        JsonElement alone = (await server.Ask("/v1/completions", """{"model": "shakespeare", "prompt": "ROMEO:", "seed": 1, "max_tokens": 48, "stream_weights": true}""")).GetProperty("choices")[0];
        int[] leaders = [.. alone.GetProperty("stream_weights").EnumerateArray().Select(one => one.EnumerateArray().Select(weight => weight.GetSingle()).ToArray()).Select(one => Array.IndexOf(one, one.Max()))];
        string[] classes = await page.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.token')].map(token => token.className)");
        Assert.Equal(leaders.Select(leader => $"token stream s{leader}"), classes);
        string[] legend = await page.TextsOf(".legend li");
        Assert.Equal(4, legend.Length);
        for (int stream = 0; stream < 4; stream++)
        {
            Assert.Matches($@"^Stream {stream + 1}[\d.]+ %, leads {leaders.Count(leader => leader == stream)}$", legend[stream]);
            // The colour is not the only sign: the lines below are of all four.
            Assert.True(leaders.Contains(stream));
        }
        string[] lines = await page.Page.EvaluateAsync<string[]>("() => [0, 1, 2, 3].map(stream => getComputedStyle(document.querySelector(`.token.s${stream}`)).textDecorationStyle)");
        Assert.Equal(["solid", "dashed", "dotted", "double"], lines);
    }

    [Fact]
    public async Task A_token_tells_its_probability_to_pointer_and_keyboard()
    {
        await using TestServer server = await TestServer.Start(embedded.Model, name: "shakespeare");
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Ask("ROMEO:");
        JsonElement alone = (await server.Ask("/v1/completions", """{"model": "shakespeare", "prompt": "ROMEO:", "seed": 2, "max_tokens": 48, "logprobs": 5}""")).GetProperty("choices")[0].GetProperty("logprobs");
        ILocator card = page.Page.Locator("#inspector"), tokens = page.Page.Locator(".token");
        async Task Shows(int token)
        {
            double probability = Math.Exp(alone.GetProperty("token_logprobs")[token].GetDouble()) * 100;
            string shown = (await card.Locator(".inspected span").TextContentAsync())!;
            Assert.Equal(probability, double.Parse(shown.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture), 0.6);
            Assert.Equal(5, await card.Locator(".bars").First.Locator(".bar").CountAsync());
            Assert.Equal(4, await card.Locator(".bars").Last.Locator(".bar").CountAsync());
        }
        await tokens.Nth(5).HoverAsync();
        await Shows(5);
        await page.Page.Mouse.MoveAsync(2, 2);
        await Assertions.Expect(card).ToBeHiddenAsync();
        await tokens.First.FocusAsync();
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await Shows(2);
        Assert.Matches(@" %, stream \d leads with \d+ %$", await tokens.Nth(2).GetAttributeAsync("aria-label"));
        await page.Page.Keyboard.PressAsync("ArrowDown");
        Assert.NotEqual(0, await page.Page.EvaluateAsync<int>("() => [...document.querySelectorAll('.token')].indexOf(document.activeElement)"));
        // A token that had to be scrolled to shows as much.
        await page.Page.SetViewportSizeAsync(1280, 300);
        await page.Page.Keyboard.PressAsync("End");
        await page.Page.Keyboard.PressAsync("Home");
        await page.Page.EvaluateAsync("() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
        await Shows(0);
        await Assertions.Expect(card).ToBeVisibleAsync();
        await page.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(card).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Texts_of_several_P_grow_side_by_side()
    {
        await using TestServer server = await TestServer.Start(embedded.Model, name: "shakespeare");
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Page.ClickAsync("#compare");
        await page.Choose("streams", "2");
        await page.Ask("ROMEO:");
        string[] before = await page.TextsOf(".manuscript");
        await page.Ask(" Yet");
        string[] after = await page.TextsOf(".manuscript");
        Assert.Equal(3, after.Distinct().Count());
        Assert.All(after.Zip(before), pair => Assert.StartsWith(pair.Second + " Yet", pair.First, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Models_called_by_their_P_count_as_one()
    {
        using var two = LanguageModel.Load(null, new LoadOptions { Streams = 2 });
        await using TestServer server = await TestServer.StartAll([("plays-p4", embedded.Model), ("plays-p2", two)]);
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await page.Page.Locator(".welcome h2").WaitForAsync();
        Assert.Equal(["2", "4"], await page.TextsOf("#streams label"));
        await page.Choose("streams", "2");
        await page.Ask("ROMEO:");
        JsonElement alone = await server.Ask("/v1/completions", """{"model": "plays-p2", "prompt": "ROMEO:", "seed": 2, "max_tokens": 48}""");
        Assert.Equal("ROMEO:" + alone.GetProperty("choices")[0].GetProperty("text").GetString(), await page.Page.Locator(".manuscript").TextContentAsync());
    }

    [Fact]
    public async Task Figures_beside_others_are_those_of_a_columns_own_P()
    {
        await using TestServer server = await TestServer.Start(embedded.Model, name: "shakespeare");
        await using OpenPage page = await browser.Open(server, preferences: """{"seed": "2", "maxTokens": "20"}""");
        await page.Ask("ROMEO:");
        string begun = (await page.Page.Locator(".tokens").TextContentAsync())!;
        await page.Page.ClickAsync("#compare");
        await page.Ask(" Yet");
        Assert.Equal(["P = 1", "P = 4"], await page.TextsOf(".column-title"));
        ILocator first = page.Answers.First, last = page.Answers.Last;
        Assert.Equal(begun, await first.Locator(".other").TextContentAsync());
        Assert.Equal("Written by P = 4", await first.Locator(".other").GetAttributeAsync("title"));
        Assert.Equal("P = 1: a single stream, so nothing is mixed.", await first.Locator(".summary").TextContentAsync());
        Assert.Equal(0, await last.Locator(".other").CountAsync());
        Assert.Equal("Weights of 4 streams over 40 tokens", await last.Locator(".legend").GetAttributeAsync("aria-label"));
    }

    [Fact]
    public async Task A_chat_model_continues_texts_too()
    {
        using var chat = LanguageModel.Load(null, new LoadOptions { ChatTemplate = Text.Chat.ChatTemplate.ChatMl });
        await using TestServer server = await TestServer.Start(chat);
        await using OpenPage page = await browser.Open(server, preferences: Seeded);
        await Assertions.Expect(page.Page.Locator(".welcome h2")).ToHaveTextAsync("Ask something");
        await page.Choose("kind", "Continue text");
        await page.Ask("ROMEO:");
        Assert.StartsWith("ROMEO:", await page.Page.Locator(".manuscript").TextContentAsync(), StringComparison.Ordinal);
    }
}
