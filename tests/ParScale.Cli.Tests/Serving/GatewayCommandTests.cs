using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Serving;

public class GatewayCommandTests(TinyModel model)
{
    [Fact]
    public async Task It_leads_to_servers_and_shows_what_both_measure()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        using Process server = ToolProcess.Start(null, "serve", "-m", model.Folder, "--port", "0", "-a", "tiny", "--json", "--chat-template", "chatml");
        string behind = await Url(server);
        using Process gateway = ToolProcess.Start(null, "gateway", "--to", behind, "--port", "0", "--json");
        using var client = new HttpClient { BaseAddress = new Uri(await Url(gateway)) };
        HttpResponseMessage answer = await client.PostAsJsonAsync("v1/chat/completions",
            new { messages = new[] { new { role = "user", content = "hello" } }, max_tokens = 5, streams = 2, ignore_eos = true }, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        string gatewayMetrics = await client.GetStringAsync(new Uri("metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("parscale_gateway_attempts_total{", gatewayMetrics, StringComparison.Ordinal);
        string serverMetrics = await client.GetStringAsync(new Uri(new Uri(behind), "metrics"), TestContext.Current.CancellationToken);
        Assert.Contains("""model_name="tiny",streams="p2"} 5""", Line(serverMetrics, "parscale_generation_tokens_total"), StringComparison.Ordinal);
        foreach (string name in (string[])["parscale_num_requests_running", "parscale_num_requests_waiting", "parscale_kv_cache_usage_perc", "parscale_stream_weight",
            "parscale_time_to_first_token_seconds_bucket", "gen_ai_server_time_to_first_token_seconds_bucket", "http_server_request_duration_seconds_count"])
            Assert.NotEmpty(Line(serverMetrics, name));

        await Stop(server);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync(new Uri("v1/models", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        await Stop(gateway);
    }

    [Fact]
    public async Task Metrics_need_the_key_where_one_is_set()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        using Process server = ToolProcess.Start(new Dictionary<string, string> { ["PARSCALE_API_KEY"] = "key" }, "serve", "-m", model.Folder, "--port", "0", "--json");
        using var client = new HttpClient { BaseAddress = new Uri(await Url(server)) };
        async Task<HttpStatusCode> Get(string path) => (await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode;
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.OK), (await Get("metrics"), await Get("health"), await Get("ready")));
        client.DefaultRequestHeaders.Add("Authorization", "Bearer key");
        Assert.Equal(HttpStatusCode.OK, await Get("metrics"));
        await Stop(server);
    }

    [Theory]
    [InlineData("GW-01", "--to", "localhost:8081")]
    [InlineData("GW-01", "--to", "http://localhost:8081/v1")]
    [InlineData("CL-05", "--to", "http://localhost:8081", "--host", "0.0.0.0")]
    [InlineData("CL-02", "--to", "http://localhost:8081", "--max-imbalance", "-1")]
    public void What_is_no_gateway_is_refused(string code, params string[] arguments) => Tool.Run(["gateway", .. arguments]).Fails(2, code);

    [Fact]
    public void CL_04_a_port_in_use_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        Tool.Run("gateway", "--to", "http://localhost:8081", "--port", $"{((IPEndPoint)other.LocalEndpoint).Port}").Fails(4, "CL-04");
    }

    private static async Task<string> Url(Process process)
    {
        using var started = JsonDocument.Parse((await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
        return started.RootElement.GetProperty("url").GetString()!;
    }

    private static string Line(string metrics, string name) => metrics.Split('\n').FirstOrDefault(line => line.StartsWith(name + "{", StringComparison.Ordinal)) ?? "";

    private static async Task Stop(Process process)
    {
        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, (await ToolProcess.FinishAsync(process)).Exit);
    }
}
