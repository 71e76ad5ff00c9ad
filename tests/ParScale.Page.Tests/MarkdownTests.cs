using Microsoft.Playwright;
using ParScale.Server.Tests;

namespace ParScale.Page.Tests;

/// <summary>What models write is shown as Markdown, and stays text whatever it is.</summary>
public sealed class MarkdownTests(Browser browser, ChatModel model)
{
    [Fact]
    public async Task Usual_Markdown_is_shown_as_such()
    {
        var script = new ScriptedAnswers("""
            # Title

            A *first* and **second**, `code` with <b>, and [a link](https://example.org/x).

            1. one
            2. two
               - inner

            > quoted

            | a | b |
            |---|--:|
            | 1 | 2 |

            ```python
            def f(x):
                return x ** 2  # *not* bold
            ```
            """);
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server);
        await page.Ask("show");
        ILocator shown = page.Page.Locator(".markdown");
        async Task Has(string selector, string text) => Assert.Equal(text, await shown.Locator(selector).TextContentAsync());
        await Has("h2", "Title");
        await Has("em", "first");
        await Has("strong", "second");
        await Has("p code", "code");
        await Has("p a", "a link");
        await Has("ol > li:nth-child(2) > ul > li", "inner");
        await Has("blockquote", "quoted");
        await Has("th:nth-child(2)", "b");
        await Has("td:nth-child(2)", "2");
        await Has("pre code", "def f(x):\n    return x ** 2  # *not* bold");
        await Has(".code-head span", "python");
        Assert.Equal("https://example.org/x", await shown.Locator("p a").GetAttributeAsync("href"));
        Assert.Equal("noopener noreferrer nofollow", await shown.Locator("p a").GetAttributeAsync("rel"));
    }

    [Fact]
    public async Task Hostile_text_stays_text()
    {
        string[] texts =
        [
            "<script>document.title = 'broken'</script>",
            "<img src=x onerror=\"document.title = 'broken'\">",
            "<iframe srcdoc=\"<script>parent.document.title = 'broken'</script>\"></iframe>",
            "![alt](https://evil.example/pixel.png)",
            "[run](javascript:document.title='broken')",
            "[run](JaVaScRiPt:alert(1)) [data](data:text/html,<script>1</script>)",
            "<a href=\"javascript:alert(1)\" onclick=\"alert(1)\">x</a> <svg onload=alert(1)>",
            "```html\n</code></pre><script>document.title = 'broken'</script>\n```",
            "| <img src=x onerror=alert(1)> | b |\n|---|---|\n| <script>1</script> | 2 |",
            "# <style>body { display: none }</style>\n- <link rel=stylesheet href=//evil.example>",
        ];
        var script = new ScriptedAnswers();
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server);
        foreach (string text in texts)
        {
            script.Pieces = [text];
            await page.Ask(text);
            Assert.Equal(0, await page.Page.Locator("#thread :is(script, img, iframe, svg:not(.bands), style, link, object, embed, form)").CountAsync());
            Assert.All(await page.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('#thread a')].map(link => link.protocol)"), protocol => Assert.Equal("https:", protocol));
            Assert.Equal(0, await page.Page.EvaluateAsync<int>("() => [...document.querySelectorAll('#thread *')].flatMap(one => [...one.attributes]).filter(one => one.name.startsWith('on')).length"));
            // Whatever was not made a link is there to be read.
            string shown = (await page.Answers.Last.Locator(".markdown").TextContentAsync())!;
            foreach (string word in new[] { "script", "onerror", "onload", "style" })
                if (text.Contains(word, StringComparison.Ordinal)) Assert.Contains(word, shown, StringComparison.Ordinal);
        }
        Assert.Equal("ParScale", await page.Page.TitleAsync());
    }

    // A parser that looks for an end again from every beginning would take minutes.
    [Fact]
    public async Task Long_nonsense_is_shown_in_time()
    {
        var script = new ScriptedAnswers();
        await using TestServer server = await TestServer.StartAll([("tiny", model.Model)], before: script.Answer);
        await using OpenPage page = await browser.Open(server);
        foreach (string part in new[] { "*", "[", "`", "> ", "a_*b", "- \n", "| - ", "# a   #   ", "``` a" })
        {
            script.Pieces = [.. string.Concat(Enumerable.Repeat(part, 8_000 / part.Length)).Chunk(4_000).Select(piece => new string(piece))];
            await page.Ask("show");
            Assert.True(await page.Answers.Locator(".markdown > *").CountAsync() > 0, part);
            await page.Page.ClickAsync("#new");
        }
    }
}
