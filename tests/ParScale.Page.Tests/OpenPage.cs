using System.Text.Json;
using Microsoft.Playwright;

namespace ParScale.Page.Tests;

/// <summary>The page in a window, and what it did that no page of ours may do: errors in its console, requests to other hosts.</summary>
internal sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _faults = [];

    private OpenPage(IBrowserContext context, IPage page, Uri address)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _faults.Add($"console: {message.Text}");
        };
        page.PageError += (_, error) => _faults.Add($"script: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address.OriginalString, StringComparison.Ordinal)) _faults.Add($"request: {request.Url}");
        };
    }

    public IPage Page { get; }

    public ILocator Input => Page.Locator("#input");

    public ILocator Answers => Page.Locator(".column");

    /// <summary>Whether errors that the browser itself writes about failed requests are meant to be there.</summary>
    public bool ExpectsFailedRequests { get; set; }

    public static async Task<OpenPage> In(IBrowserContext context, Uri address, string preferences)
    {
        IPage page = await context.NewPageAsync();
        var open = new OpenPage(context, page, address);
        await page.AddInitScriptAsync($"localStorage.getItem('parscale.preferences') ?? localStorage.setItem('parscale.preferences', {JsonSerializer.Serialize(preferences)})");
        await page.GotoAsync(address.ToString());
        return open;
    }

    /// <summary>Writes something and waits until all of its answers have ended.</summary>
    public async Task Ask(string text)
    {
        await Input.FillAsync(text);
        await Page.ClickAsync("#send");
        await Ended();
    }

    /// <summary>Waits until nothing is written any more.</summary>
    public async Task Ended()
    {
        await Page.Locator(".column").First.WaitForAsync();
        await Page.Locator("#send:not(.stop)").WaitForAsync();
    }

    /// <summary>The choice of a segmented control.</summary>
    public Task Choose(string control, string text) =>
        Page.Locator($"#{control} label", new PageLocatorOptions { HasTextRegex = new($"^{text}$") }).Locator("input").ClickAsync();

    public Task<string[]> TextsOf(string selector) => Page.Locator(selector).AllTextContentsAsync().ContinueWith(texts => texts.Result.ToArray(), TaskScheduler.Default);

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        string[] faults = [.. _faults.Where(fault => !ExpectsFailedRequests || !fault.Contains("Failed to load resource", StringComparison.Ordinal))];
        Assert.Empty(faults);
    }
}
