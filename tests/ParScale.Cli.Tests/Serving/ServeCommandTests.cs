using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using ParScale.Cli.Tests.Support;
using ParScale.Vulkan.Devices;

namespace ParScale.Cli.Tests.Serving;

public class ServeCommandTests(TinyModel model)
{
    [Fact]
    public async Task It_serves_until_it_is_told_to_stop()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        using Process server = ToolProcess.Start(null, "serve", "-m", model.Folder, "--port", "0", "-a", "tiny", "--json", "--chat-template", "chatml");
        using var started = JsonDocument.Parse((await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
        Assert.Equal(("tiny", "[1,2]"), (started.RootElement.GetProperty("model").GetString(), started.RootElement.GetProperty("streams").GetRawText()));
        using var client = new HttpClient { BaseAddress = new Uri(started.RootElement.GetProperty("url").GetString()!) };
        HttpResponseMessage answer = await client.PostAsJsonAsync("v1/chat/completions",
            new { messages = new[] { new { role = "user", content = "hello" } }, max_tokens = 5, streams = 1, ignore_eos = true }, TestContext.Current.CancellationToken);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(answer.IsSuccessStatusCode, body.RootElement.ToString());
        Assert.Equal(5, body.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        HttpResponseMessage nothing = await client.GetAsync(new Uri("nothing", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
        Assert.Contains("\"error\"", await nothing.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using (Process kill = Process.Start("kill", ["-TERM", $"{server.Id}"])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Outcome end = await ToolProcess.FinishAsync(server);
        Assert.Equal((0, ""), (end.Exit, end.Out));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_a_model_the_embedded_one_is_served_with_or_without_the_page(bool page)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        using Process server = ToolProcess.Start(null, ["serve", "--port", "0", "--json", .. page ? Array.Empty<string>() : ["--no-page"]]);
        using var started = JsonDocument.Parse((await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
        using var client = new HttpClient { BaseAddress = new Uri(started.RootElement.GetProperty("url").GetString()!) };
        using var models = JsonDocument.Parse(await client.GetStringAsync(new Uri("v1/models", UriKind.Relative), TestContext.Current.CancellationToken));
        string[] names = [.. models.RootElement.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("id").GetString()!)];
        Assert.Equal(["shakespeare", "shakespeare:p1", "shakespeare:p2", "shakespeare:p4"], names);
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        string root = await client.GetStringAsync(new Uri("", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.StartsWith(page ? "<!DOCTYPE html>" : "Ollama is running", root, StringComparison.Ordinal);
        using (Process kill = Process.Start("kill", ["-TERM", $"{server.Id}"])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, (await ToolProcess.FinishAsync(server)).Exit);
    }

    [Fact]
    public async Task A_Vulkan_device_answers_with_the_text_of_the_CPU()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        if (DeviceList.Read() is { Note: { } why }) Assert.Skip(why);
        using Process server = ToolProcess.Start(null, "serve", "-m", model.Folder, "--port", "0", "-a", "tiny", "--json", "--no-page", "--device", "vulkan");
        using var started = JsonDocument.Parse((await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
        using var client = new HttpClient { BaseAddress = new Uri(started.RootElement.GetProperty("url").GetString()!) };
        foreach (int streams in started.RootElement.GetProperty("streams").EnumerateArray().Select(count => count.GetInt32()))
        {
            string expected = Tool.Run("generate", "-m", model.Folder, "-p", "the cat", "-n", "12", "--temp", "0", "--ignore-eos", "--streams", $"{streams}", "--json")
                .Json().GetProperty("text").GetString()!;
            // Some at a time, as clients ask.
            HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => client.PostAsJsonAsync("v1/completions",
                new { prompt = "the cat", max_tokens = 12, temperature = 0, ignore_eos = true, streams }, TestContext.Current.CancellationToken)));
            foreach (HttpResponseMessage answer in answers)
            {
                using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                Assert.True(answer.IsSuccessStatusCode, body.RootElement.ToString());
                Assert.Equal(expected, body.RootElement.GetProperty("choices")[0].GetProperty("text").GetString());
                answer.Dispose();
            }
        }
        using (Process kill = Process.Start("kill", ["-TERM", $"{server.Id}"])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Outcome end = await ToolProcess.FinishAsync(server);
        Assert.Equal((0, ""), (end.Exit, end.Out));
        Assert.Contains("vulkan:", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void CL_04_a_port_in_use_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        Assert.Contains($"port {port}", Tool.Run("serve", "-m", model.Folder, "--port", $"{port}").Fails(4, "CL-04"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CL-05", "--host", "0.0.0.0")]
    [InlineData("CL-02", "--host", "example")]
    [InlineData("CL-02", "--port", "70000")]
    [InlineData("CL-02", "--port", "abc")]
    [InlineData("CL-02", "--parallel", "0")]
    public void What_cannot_be_served_is_refused(string code, string option, string value) =>
        Tool.Run("serve", "-m", model.Folder, option, value).Fails(2, code);

    [Fact]
    public void SV_02_a_key_file_must_hold_a_key()
    {
        using var folder = new TempFolder();
        folder.Write("keys", "# nobody yet\n\n");
        Tool.Run("serve", "-m", model.Folder, "--api-key-file", folder.File("keys")).Fails(3, "SV-02");
        Tool.Run("serve", "-m", model.Folder, "--api-key-file", folder.File("none")).Fails(3, "SV-02");
    }
}
