using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using ParScale.Server.Tests;

namespace ParScale.Page.Tests;

/// <summary>The page for everybody: axe's rules, keyboard alone, small screens, dark rooms.</summary>
public sealed class AccessTests(Browser browser, ChatModel model, Embedded embedded)
{
    // Each state once: axe looks at every element, and takes seconds for it.
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 360)]
    public async Task Axe_finds_nothing(ColorScheme scheme, int width)
    {
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model), ("shakespeare", embedded.Model)]);
        // axe is put into the page as text, which the page's own policy forbids.
        await using OpenPage page = await browser.Open(server, width, scheme: scheme, preferences: """{"maxTokens": "12", "seed": "1"}""", bypassPolicy: true);
        await page.Page.Locator(".welcome h2").WaitForAsync();
        if (width < 500)
        {
            await page.Page.Locator("#model").SelectOptionAsync("shakespeare");
            await page.Choose("view", "Certainty");
            await page.Ask("ROMEO:");
            await page.Page.Locator(".token").First.FocusAsync();
            await Passes(page, "certainty");
            await page.Page.ClickAsync("#menu");
            await Passes(page, "drawer");
            return;
        }
        await page.Page.ClickAsync("#compare");
        if (scheme == ColorScheme.Light)
        {
            await Passes(page, "empty");
            await page.Ask("hello");
            await Passes(page, "chat, side by side");
            await page.Page.ClickAsync("#open-settings");
            await Passes(page, "settings");
            return;
        }
        await page.Page.Locator("#model").SelectOptionAsync("shakespeare");
        await page.Choose("view", "Streams");
        await page.Ask("ROMEO:");
        await Passes(page, "text, side by side");
    }

    [Fact]
    public async Task Everything_can_be_done_by_keyboard()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, preferences: """{"maxTokens": "30"}""");
        IKeyboard keys = page.Page.Keyboard;
        async Task Press(params string[] all)
        {
            foreach (string key in all) await keys.PressAsync(key);
        }
        Task<string> Focused() => page.Page.EvaluateAsync<string>("() => document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.value || document.activeElement.textContent");
        await page.Page.Locator("#streams label").First.WaitForAsync();
        // The first stop leads past the list to the box.
        await Press("Tab");
        Assert.Equal("Skip to the text box", await Focused());
        await Press("Enter");
        Assert.Equal("input", await Focused());
        // On to P, and another one.
        await Press("Tab");
        Assert.Equal("1", await Focused());
        await Press("ArrowRight", "ArrowRight");
        Assert.Equal("4", await Focused());
        await Press("Shift+Tab");
        await keys.TypeAsync("hello");
        await Press("Enter");
        await page.Ended();
        Assert.StartsWith("P = 4", await page.Page.Locator(".figures").TextContentAsync(), StringComparison.Ordinal);
        Assert.Equal("input", await Focused());
        // Side by side, by the space bar.
        await Press("Tab", "Tab", "Space");
        Assert.Equal("true", await page.Page.Locator("#compare").GetAttributeAsync("aria-pressed"));
        await Press("Shift+Tab");
        Assert.Equal("4", await Focused());
        // Back through the conversation to the views: each answer is one stop.
        await page.Page.Locator("#view input:checked").FocusAsync();
        await Press("ArrowRight", "Tab", "Tab", "Tab");
        Assert.Equal("option", await page.Page.EvaluateAsync<string>("() => document.activeElement.getAttribute('role')"));
        await Assertions.Expect(page.Page.Locator("#inspector")).ToBeVisibleAsync();
        await Press("End", "Home", "ArrowRight", "Escape");
        await Assertions.Expect(page.Page.Locator("#inspector")).ToBeHiddenAsync();
        Assert.Equal(1, await page.Page.EvaluateAsync<int>("() => [...document.querySelectorAll('.token')].indexOf(document.activeElement)"));
        await Press("Tab");
        Assert.StartsWith("Copy the text", await Focused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_is_announced_when_it_is_whole()
    {
        var script = new ScriptedAnswers("A ", "whole ", "answer.");
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server);
        await page.Ask("hello");
        ILocator announcer = page.Page.Locator("#announcer");
        await Assertions.Expect(announcer).ToHaveTextAsync("P = 1: A whole answer.");
        Assert.Equal("polite", await announcer.GetAttributeAsync("aria-live"));
    }

    [Fact]
    public async Task Nothing_is_wider_than_a_small_phone()
    {
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model), ("shakespeare", embedded.Model)], before: new ScriptedAnswers(
            new string('w', 400), "\n\n```\n", new string('c', 400), "\n```\n\n| ", string.Concat(Enumerable.Repeat("cell cell | ", 30)), "\n|", string.Concat(Enumerable.Repeat("---|", 30)), "\n").Answer);
        await using OpenPage page = await browser.Open(server, 360, 640, preferences: """{"maxTokens": "30"}""");
        async Task Fits(string state)
        {
            int width = await page.Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth, document.querySelector('#thread').scrollWidth)");
            Assert.True(width <= 360, $"{state}: {width} pixels");
            string[] outside = await page.Page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll('main :is(button, input, select, textarea)')].filter(one => one.checkVisibility())
                  .filter(one => one.getBoundingClientRect().left < 0 || one.getBoundingClientRect().right > 360).map(one => one.outerHTML)
                """);
            Assert.True(outside.Length == 0, $"{state}: {string.Join(' ', outside)}");
        }
        await page.Page.Locator(".welcome h2").WaitForAsync();
        await Fits("empty");
        await page.Ask(new string('q', 300));
        await Fits("chat");
        await page.Page.ClickAsync("#compare");
        await page.Choose("view", "Streams");
        await page.Ask("again");
        await Fits("side by side");
        await page.Page.ClickAsync("#menu");
        await Fits("drawer");
        await page.Page.Keyboard.PressAsync("Escape");
        await page.Page.Locator(".token").First.ClickAsync();
        LocatorBoundingBoxResult card = (await page.Page.Locator("#inspector").BoundingBoxAsync())!;
        Assert.True(card.X >= 0 && card.X + card.Width <= 360);
    }

    [Fact]
    public async Task What_is_told_of_a_token_covers_no_button_and_goes_with_the_next_touch()
    {
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: new ScriptedAnswers([.. Enumerable.Range(0, 120).Select(i => $"token{i} ")]).Answer);
        await using OpenPage page = await browser.Open(server, 360, 740, preferences: """{"view": "certainty"}""", hasTouch: true);
        await page.Ask("hello");
        ILocator card = page.Page.Locator("#inspector"), tokens = page.Page.Locator(".token");
        LocatorBoundingBoxResult thread = (await page.Page.Locator("#thread").BoundingBoxAsync())!;
        foreach (int i in (int[])[119, 60, 0])
        {
            await tokens.Nth(i).TapAsync();
            await Assertions.Expect(card).ToBeVisibleAsync();
            Assert.Equal($"token{i}␣", await card.Locator(".inspected code").TextContentAsync());
            LocatorBoundingBoxResult box = (await card.BoundingBoxAsync())!;
            Assert.InRange(box.Y, thread.Y, thread.Y + thread.Height - box.Height);
            Assert.InRange(box.X, 0, 360 - box.Width);
        }
        // A tap anywhere else reaches what it meets.
        await page.Page.TapAsync("#menu");
        await Assertions.Expect(card).ToBeHiddenAsync();
        Assert.Equal("true", await page.Page.Locator("#menu").GetAttributeAsync("aria-expanded"));
    }

    [Fact]
    public async Task Text_that_comes_under_a_resting_pointer_tells_nothing()
    {
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: new ScriptedAnswers([.. Enumerable.Range(0, 120).Select(i => $"token{i} ")]).Answer);
        await using OpenPage page = await browser.Open(server, preferences: """{"view": "certainty"}""");
        LocatorBoundingBoxResult thread = (await page.Page.Locator("#thread").BoundingBoxAsync())!;
        float x = thread.X + thread.Width / 2, y = thread.Y + thread.Height / 4;
        await page.Page.Mouse.MoveAsync(x, y);
        await page.Input.FillAsync("hello");
        await page.Page.Keyboard.PressAsync("Enter");
        await page.Ended();
        // The browser tells what lies under the pointer now with one of the next frames.
        await page.Page.EvaluateAsync("() => new Promise(resolve => { let left = 20; const next = () => left-- > 0 ? requestAnimationFrame(next) : resolve(); next(); })");
        Assert.True(await page.Page.EvaluateAsync<bool>("([x, y]) => document.elementFromPoint(x, y).matches('.token')", new double[] { x, y }));
        await Assertions.Expect(page.Page.Locator("#inspector")).ToBeHiddenAsync();
        await page.Page.Mouse.MoveAsync(x + 1, y);
        await page.Page.Mouse.MoveAsync(x + 1, 2);
        await page.Page.Mouse.MoveAsync(x, y);
        await Assertions.Expect(page.Page.Locator("#inspector")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Dark_follows_the_system_until_it_is_chosen()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        await using OpenPage page = await browser.Open(server, scheme: ColorScheme.Dark);
        Task<double> Lightness() => page.Page.EvaluateAsync<double>("() => Number(/\\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])");
        Assert.InRange(await Lightness(), 0, 60);
        await page.Choose("theme", "Light");
        Assert.InRange(await Lightness(), 200, 255);
        await page.Page.ReloadAsync();
        Assert.InRange(await Lightness(), 200, 255);
        await page.Choose("theme", "Auto");
        Assert.InRange(await Lightness(), 0, 60);
    }

    private static async Task Passes(OpenPage page, string state)
    {
        AxeResult result = await page.Page.RunAxe(new AxeRunOptions { ResultTypes = [ResultType.Violations] });
        Assert.True(result.Violations.Length == 0, state + ": " + string.Join("; ", result.Violations.Select(rule =>
            $"{rule.Id} ({rule.Help}): {string.Join(", ", rule.Nodes.Take(3).Select(node => node.Html))}")));
        Assert.NotEmpty(result.Passes);
    }
}
