using System.Diagnostics;
using System.Net;

namespace ParScale.Server.Tests.Observation;

public sealed class MetricsTests(ChatModel model)
{
    private const string Secret = "a word that must be seen nowhere", Key = "sk-seen-nowhere-either";

    [Fact]
    public async Task Requests_are_counted_and_timed()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var seen = new Seen(server.Service);
        await server.Ask("/v1/chat/completions", """{"messages": [{"role": "user", "content": "hello"}], "max_tokens": 9, "streams": 4, "ignore_eos": true, "n": 2}""");
        await server.Events("/v1/completions", """{"prompt": "hello", "max_tokens": 5, "streams": 2, "stream": true, "ignore_eos": true}""");
        await server.Post("/v1/completions", """{"prompt": 7}""");

        Assert.Equal(2 * 9, seen.Sum("parscale.generation_tokens", "p4"));
        Assert.Equal(5, seen.Sum("parscale.generation_tokens", "p2"));
        Assert.Equal(2, seen.Sum("parscale.request_success", "p4", "length"));
        Assert.Equal(1, seen.Sum("parscale.request_errors", "400"));
        Assert.Equal(2, seen.Count("gen_ai.server.request.duration"));
        Assert.Equal(2, seen.Count("gen_ai.server.time_to_first_token"));
        Assert.Equal(2, seen.Count("parscale.e2e_request_latency"));
        Assert.Equal(3, seen.Count("parscale.request_prefill_time"));
        Assert.Equal(2 * 8 + 4, seen.Count("parscale.inter_token_latency"));
        Assert.Equal(18, seen.Sum("gen_ai.client.token.usage", "chat", "output"));
        Assert.Equal(5, seen.Sum("gen_ai.client.token.usage", "text_completion", "output"));
        Assert.True(seen.Sum("parscale.prefix_cache_queries", "p4") > 0);
    }

    [Fact]
    public async Task The_streams_of_each_set_are_seen()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var seen = new Seen(server.Service);
        double tokens = seen.Observe("parscale.stream_tokens", "p4"), steps = seen.Observe("parscale.steps"), rows = seen.Observe("parscale.step_rows");
        await server.Ask("/v1/completions", """{"prompt": "hello", "max_tokens": 6, "streams": 4, "ignore_eos": true, "cache_prompt": false}""");
        Assert.Equal(6, seen.Observe("parscale.stream_tokens", "p4") - tokens);
        Assert.True(seen.Observe("parscale.steps") - steps >= 6);
        Assert.True(seen.Observe("parscale.step_rows") - rows >= 4 * 6);
        Assert.Equal(1, seen.Observe("parscale.stream_weight", "p4"), 1e-6);
        Assert.InRange(seen.Observe("parscale.stream_entropy", "p4"), 0.1, Math.Log(4));
        // The answer is with the client before the engine has let go of its sequence.
        await Eventually.Is(() => seen.Observe("parscale.sequences_running") == 0, "a sequence still runs");
        await Eventually.Is(() => seen.Observe("parscale.num_requests_running") == 0, "a request still runs");
        Assert.InRange(seen.Observe("parscale.kv_cache_usage_perc"), 0, 1);
    }

    [Fact]
    public async Task Tags_and_traces_hold_nothing_that_a_client_wrote()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ParScaleService.TelemetryName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        var traces = new List<Activity>();
        listener.ActivityStopped = trace =>
        {
            lock (traces) traces.Add(trace);
        };
        ActivitySource.AddActivityListener(listener);
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = [Key] });
        using var seen = new Seen(server.Service);
        string body = $$"""{"model": "tiny:p2", "messages": [{"role": "user", "content": "{{Secret}}"}], "user": "{{Secret}}", "stop": "{{Secret}}", "max_tokens": 4, "ignore_eos": true}""";
        Assert.Equal(HttpStatusCode.OK, (await server.Post("/v1/chat/completions", body, Key)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Post("/v1/chat/completions", $$"""{"model": "{{Secret}}"}""", Key)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Post("/v1/chat/completions", body, Secret)).Status);

        Activity trace;
        lock (traces) trace = Assert.Single(traces, one => one.GetTagItem("gen_ai.request.model") is "tiny:p2" && one.GetTagItem("gen_ai.usage.output_tokens") is 4);
        Assert.Equal("chat tiny:p2", trace.DisplayName);
        Assert.Equal(["length"], Assert.IsType<string[]>(trace.GetTagItem("gen_ai.response.finish_reasons")));
        string[] all = [.. seen.Tags, .. trace.TagObjects.Select(tag => $"{tag.Value}"), .. trace.Events.SelectMany(one => one.Tags).Select(tag => $"{tag.Value}")];
        Assert.DoesNotContain(all, value => value.Contains(Secret, StringComparison.Ordinal) || value.Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_request_that_is_left_is_counted_as_such()
    {
        for (int tries = 1; ; tries++)
        {
            await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { RequestTimeout = TimeSpan.FromMilliseconds(1) });
            using var seen = new Seen(server.Service);
            (HttpStatusCode status, _) = await server.Post("/v1/completions", """{"prompt": "hello", "max_tokens": 350, "ignore_eos": true}""");
            // On a busy machine the time may end late, when all is written.
            if (status == HttpStatusCode.OK && tries < 20) continue;
            while (server.Service.Running > 0) await Task.Delay(1, TestContext.Current.CancellationToken);
            Assert.Equal(1, seen.Sum("parscale.request_errors", "408"));
            // It may have been ended before its turn came.
            Assert.InRange(seen.Sum("parscale.request_success", "abort"), 0, 1);
            Assert.Equal(0, seen.Sum("parscale.request_success", "length"));
            return;
        }
    }

    [Fact]
    public async Task What_fails_is_counted_as_an_error_and_not_as_left()
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.Path);
        int bad = Assert.Single(model.Model.Tokenizer.Encode("z"));
        using var damaged = new TempFolder();
        // A token whose own state is no number: whatever follows it cannot be computed.
        ChatModel.Write(damaged.Path, tied: false, change: (name, values) =>
        {
            if (name == "model.embed_tokens.weight") values.AsSpan(bad * 32, 32).Fill(float.NaN);
        });
        // Room for no answer of 390 tokens: it is refused when it is to start.
        using LanguageModel small = LanguageModel.Load(folder.Path, new LoadOptions { KvMemory = 100 * DefaultLimitTests.Bytes(folder.Path) });
        using LanguageModel failing = LanguageModel.Load(damaged.Path);
        await using TestServer server = await TestServer.StartAll([("small", small), ("failing", failing)]);
        using var seen = new Seen(server.Service);
        (HttpStatusCode status, _) = await server.Post("/v1/completions", """{"model": "small", "prompt": "hello", "max_tokens": 390}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        (status, _) = await server.Post("/v1/completions", $$"""{"model": "failing", "prompt": "x", "max_tokens": 9, "logit_bias": {"{{bad}}": 100}, "temperature": 0}""");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal((1, 1), (seen.Sum("parscale.request_success", "small", "error"), seen.Sum("parscale.request_success", "failing", "error")));
        Assert.Equal(0, seen.Sum("parscale.request_success", "abort"));
        Assert.Equal((0, 1), (seen.Sum("parscale.generation_tokens", "small"), seen.Sum("parscale.generation_tokens", "failing")));
        Assert.True(seen.Sum("parscale.prompt_tokens", "failing") > 0);
    }

    [Fact]
    public async Task Tokens_of_an_answer_that_is_stopped_count()
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.Path, context: 131_072);
        using LanguageModel endless = LanguageModel.Load(folder.Path);
        await using TestServer server = await TestServer.Start(endless);
        using var seen = new Seen(server.Service);
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions"))
        {
            request.Content = new StringContent("""{"prompt": "hello", "max_tokens": 131000, "ignore_eos": true, "stream": true}""", System.Text.Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await Eventually.Is(() => seen.Count("parscale.inter_token_latency") >= 20, "nothing is written");
        }
        await Eventually.Is(() => server.Service.Running == 0, "the request still runs");
        Assert.Equal(1, seen.Sum("parscale.request_success", "abort"));
        Assert.Equal(seen.Count("parscale.inter_token_latency") + 1, seen.Sum("parscale.generation_tokens"));
        Assert.Equal(endless.Tokenizer.Encode("hello", addSpecial: true).Length, seen.Sum("parscale.prompt_tokens"));
        Assert.Equal(seen.Sum("parscale.generation_tokens"), seen.Sum("gen_ai.client.token.usage", "output"));
    }
}
