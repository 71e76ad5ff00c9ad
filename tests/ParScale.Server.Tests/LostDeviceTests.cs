using System.Net;
using System.Text.Json;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Server.Tests;

/// <summary>A device that is lost under a server: every request hears it once, in its own form, and whoever asks for the server's health does.</summary>
public sealed class LostDeviceTests
{
    private const string Why = "the driver lost the device (QueueSubmit)";

    [Fact]
    public async Task Every_request_ends_with_one_error_and_health_says_why()
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.File("model"));
        var device = new FragileDevice();
        using LanguageModel model = LanguageModel.Load(folder.File("model"), new LoadOptions { Device = device });
        await using TestServer server = await TestServer.Start(model);
        var told = new List<string>();
        server.Service.State.DeviceLost += why => { lock (told) told.Add(why); };
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await Status(server, "/ready"), await Status(server, "/health")));

        // All of them have begun, and go on for longer than the device lives.
        Task<string>[] streams = [.. Enumerable.Range(0, 4).Select(_ => Whole(server, Body(stream: true)))];
        Task<(HttpStatusCode Status, JsonElement Body)>[] answers = [.. Enumerable.Range(0, 4).Select(_ => server.Post("/v1/completions", Body(stream: false)))];
        await Eventually.Is(() => model.Engine.Statistics.Running == 8, "not all requests run");
        device.IsLost = true;

        foreach ((HttpStatusCode status, JsonElement body) in await Task.WhenAll(answers).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken))
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "VK-01", Why), (status, Code(body), Message(body)));
        foreach (string text in await Task.WhenAll(streams).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken))
        {
            string[] events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            string last = Assert.Single(events, one => one.Contains("\"error\"", StringComparison.Ordinal));
            Assert.Equal(events[^1], last);
            // One that had not begun is answered as a whole.
            JsonElement error = TestServer.Parse(last.StartsWith('{') ? last : last["data: ".Length..]);
            Assert.Equal(("VK-01", Why), (Code(error), Message(error)));
        }
        (HttpStatusCode later, JsonElement again) = await server.Post("/v1/completions", Body(stream: false));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "VK-01"), (later, Code(again)));
        foreach (string path in (string[])["/ready", "/health", "/v1/health"])
        {
            using HttpResponseMessage health = await server.Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            JsonElement body = TestServer.Parse(await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "device_lost", Why), (health.StatusCode, Code(body), Message(body)));
        }
        Assert.Equal([Why], told);
        Assert.True(await server.Service.DrainAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    private static string Body(bool stream) =>
        $$"""{"prompt": "hello", "max_tokens": 380, "ignore_eos": true, "temperature": 1, "stream": {{(stream ? "true" : "false")}}}""";

    private static string? Code(JsonElement body) => body.GetProperty("error").GetProperty("code").GetString();

    private static string? Message(JsonElement body) => body.GetProperty("error").GetProperty("message").GetString();

    private static async Task<HttpStatusCode> Status(TestServer server, string path)
    {
        using HttpResponseMessage answer = await server.Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<string> Whole(TestServer server, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await server.Client.PostAsync(new Uri("/v1/completions", UriKind.Relative), content, TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    // The CPU, until it is lost as a card is.
    private sealed class FragileDevice : ComputeDevice
    {
        public volatile bool IsLost;

        public override string Name => "fragile";

        public override string Description => "the CPU until it is lost";

        internal override bool UsesThreads => true;

        internal override string KernelTier(WeightDtype type) => Cpu.KernelTier(type);

        internal override void Require(ModelConfig model)
        {
        }

        internal override IForwardPass Open(Backbone backbone, IReadOnlyList<StreamSet> sets, KvDtype kvDtype, WorkerPool pool) =>
            new FragilePass(this, Cpu.Open(backbone, sets, kvDtype, pool));
    }

    private sealed class FragilePass(FragileDevice device, IForwardPass cpu) : IForwardPass
    {
        public long? MemoryLeft => cpu.MemoryLeft;

        public void Add(StreamSet set) => cpu.Add(set);

        public long CacheBytes(StreamSet set, KvDtype type, int tokens) => cpu.CacheBytes(set, type, tokens);

        public KeyValues NewCache(StreamSet set, KvDtype type, int tokens) => cpu.NewCache(set, type, tokens);

        public int Run(ReadOnlySpan<int> tokens, scoped ReadOnlySpan<PassSequence> sequences)
        {
            // Slow enough that nobody has ended before.
            Thread.Sleep(5);
            return device.IsLost ? throw new ParScaleException(ErrorKind.Io, "VK-01", Why) : cpu.Run(tokens, sequences);
        }

        public ReadOnlySpan<float> Logits(int first, int count) => cpu.Logits(first, count);

        public Likeliest LikeliestOf(int token) => cpu.LikeliestOf(token);

        public ReadOnlySpan<float> StreamWeights(int row, int streams) => cpu.StreamWeights(row, streams);

        public void Dispose() => cpu.Dispose();
    }
}
