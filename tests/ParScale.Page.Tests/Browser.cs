using Microsoft.Playwright;
using ParScale.Server.Tests;

[assembly: AssemblyFixture(typeof(ParScale.Page.Tests.Browser))]
[assembly: AssemblyFixture(typeof(ParScale.Page.Tests.Embedded))]

namespace ParScale.Page.Tests;

/// <summary>The system's Chromium, started once for all tests. Where there is none they are skipped.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const int Patience = 60_000;
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        string[] folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        if (folders.SelectMany(_ => Names, Path.Combine).FirstOrDefault(File.Exists) is not { } chromium) return;
        _playwright = await Playwright.CreateAsync();
        // What is expected comes soon, unless the machine is busy.
        Assertions.SetDefaultExpectTimeout(Patience);
        // Under root there is no sandbox to be had; all that the tests open is their own server.
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = chromium, Args = ["--no-sandbox", "--disable-gpu"] });
    }

    /// <summary>A window of its own, with nothing kept from others.</summary>
    internal async Task<OpenPage> Open(TestServer server, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light, string preferences = "{}", bool bypassPolicy = false, bool hasTouch = false)
    {
        Assert.SkipWhen(_browser is null, "Chromium is not installed; scripts/install-chromium.sh installs it");
        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
            BypassCSP = bypassPolicy,
            HasTouch = hasTouch,
        });
        context.SetDefaultTimeout(Patience);
        return await OpenPage.In(context, server.Address, preferences);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>The model that travels with the library. It runs with 1, 2 and 4 streams and has no chat template.</summary>
public sealed class Embedded : IDisposable
{
    public LanguageModel Model { get; } = LanguageModel.Load();

    public void Dispose() => Model.Dispose();
}
