using System.Diagnostics;
using ParScale.Server.Tests.Tools;

namespace ParScale.Server.Tests.Clients;

/// <summary>
/// The clients openai and ai for JavaScript, unchanged: <c>scripts/js-clients/checks.mjs</c>. Skipped without Node, or before
/// <c>npm ci</c> in that folder, which <c>scripts/test.sh</c> runs where npm is there.
/// </summary>
public sealed class JavaScriptClientTests(ToolModels models)
{
    [Fact]
    public async Task They_find_what_they_expect()
    {
        string? folder = Folder();
        if (folder is null || !Directory.Exists(Path.Combine(folder, "node_modules"))) Assert.Skip("needs the packages: npm ci in scripts/js-clients");
        await using TestServer server = await TestServer.Start(models["hermes"], new ServerOptions { ApiKeys = ["test-key"] });
        using Process node = Start(folder, server.Address.ToString().TrimEnd('/')) ?? throw new InvalidOperationException("node did not start");
        Task<string> said = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), wrong = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            await node.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!node.HasExited) node.Kill(entireProcessTree: true);
        }
        string output = await said;
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(node.ExitCode == 0, string.Join('\n', output.Split('\n').Where(line => !line.StartsWith("ok", StringComparison.Ordinal))) + await wrong);
        Assert.True(output.Split('\n').Count(line => line.StartsWith("ok - ", StringComparison.Ordinal)) >= 30, output);
    }

    private static Process? Start(string folder, string url)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", ["checks.mjs", url, "test-key", "tiny"])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs Node");
            throw;
        }
    }

    private static string? Folder()
    {
        for (DirectoryInfo? parent = new(AppContext.BaseDirectory); parent is not null; parent = parent.Parent)
            if (File.Exists(Path.Combine(parent.FullName, "scripts", "js-clients", "checks.mjs"))) return Path.Combine(parent.FullName, "scripts", "js-clients");
        return null;
    }
}
