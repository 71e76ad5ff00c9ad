using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ParScale.Engine;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Requests;

namespace ParScale.Server.Tests.Http;

/// <summary>Answers that end early: the client leaves, or the model fails between two tokens.</summary>
public sealed class EarlyEndTests
{
    // A text of minutes, and the longer the slower the machine is: within the time of a test it cannot be over by itself.
    private const int Context = 131_072;

    private const string Long = """ "ignore_eos": true, "temperature": 1""";

    [Theory]
    [InlineData("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": "hello"}], "max_tokens": 131000, {{Long}}, "stream": false}""")]
    [InlineData("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": "hello"}], "max_tokens": 131000, {{Long}}, "stream": true, "n": 3}""")]
    [InlineData("/v1/completions", $$"""{"prompt": ["hello", "the"], "max_tokens": 131000, {{Long}} }""")]
    [InlineData("/v1/responses", $$"""{"input": "hello", "max_output_tokens": 131000, {{Long}}, "stream": true}""")]
    [InlineData("/api/generate", $$"""{"prompt": "hello", "options": {"num_predict": 131000, {{Long}} }, "stream": false}""")]
    [InlineData("/api/chat", $$"""{"messages": [{"role": "user", "content": "hello"}], "options": {"num_predict": 131000, {{Long}} } }""")]
    public async Task Who_leaves_is_not_worked_for(string path, string body)
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.Path, Context);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        await using TestServer server = await TestServer.Start(model);
        EngineStatistics engine = model.Engine.Statistics;
        for (int round = 0; round < 3; round++)
        {
            long start = engine.Passes;
            using (var socket = new TcpClient())
            {
                await socket.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
                await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
                    $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"), TestContext.Current.CancellationToken);
                await Eventually.Is(() => engine.Passes >= start + 20, "nothing is written");
                Assert.Equal(1, server.Service.Running);
            }
            await Eventually.Is(() => server.Service.Running == 0, "the request still runs");
            // The engine has nothing to run either.
            await Eventually.Is(() => engine.Running + engine.Waiting == 0, "the engine still works for the request");
            Assert.True(engine.Passes - start < Context - 1000, "the text was generated to its end");
        }
    }

    // HT-28
    [Fact]
    public async Task What_fails_in_a_stream_is_its_last_part()
    {
        using var folder = new TempFolder();
        const string forced = "z";
        int bad = -1;
        // A token whose own state is no number: whatever follows it cannot be computed.
        ChatModel.Write(folder.Path, tied: false);
        using (LanguageModel sound = LanguageModel.Load(folder.Path)) bad = Assert.Single(sound.Tokenizer.Encode(forced));
        using var damaged = new TempFolder();
        ChatModel.Write(damaged.Path, tied: false, change: (name, values) =>
        {
            if (name == "model.embed_tokens.weight") values.AsSpan(bad * 32, 32).Fill(float.NaN);
        });
        using LanguageModel model = LanguageModel.Load(damaged.Path);
        await using TestServer server = await TestServer.Start(model);
        string force = $$""" "logit_bias": {"{{bad}}": 100}, "temperature": 0 """;

        // Whole, the status tells it.
        (HttpStatusCode status, JsonElement whole) = await server.Post("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": "x"}], {{force}} }""");
        Assert.Equal((HttpStatusCode.InternalServerError, "nonfinite_logits"), (status, whole.GetProperty("error").GetProperty("code").GetString()));

        foreach ((string path, string body) in ((string, string)[])
        [
            ("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": "x"}], {{force}}, "stream": true}"""),
            ("/v1/completions", $$"""{"prompt": "x", "max_tokens": 9, {{force}}, "stream": true}"""),
        ])
        {
            string[] events = (await server.Text(path, body, "text/event-stream")).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.True(events.Length > 1);
            Assert.Equal("nonfinite_logits", TestServer.Parse(events[^1]["data: ".Length..]).GetProperty("error").GetProperty("code").GetString());
            Assert.Contains(events[..^1], one => one.Contains($"\"{forced}\"", StringComparison.Ordinal));
        }

        List<JsonElement> response = await server.NamedEvents("/v1/responses", $$"""{"input": "x", {{force}}, "stream": true}""");
        Assert.Equal(["response.output_text.delta", "error", "response.failed"], response[^3..].Select(one => one.GetProperty("type").GetString()));
        Assert.Equal("nonfinite_logits", response[^2].GetProperty("code").GetString());
        Assert.Equal(("failed", "nonfinite_logits"), (response[^1].GetProperty("response").GetProperty("status").GetString(),
            response[^1].GetProperty("response").GetProperty("error").GetProperty("code").GetString()));

        List<JsonElement> lines = await server.Lines("/api/generate", $$"""{"prompt": "x", "options": { {{force}} } }""");
        Assert.Equal(forced, lines[0].GetProperty("response").GetString());
        Assert.Contains("nonfinite_logits", lines[^1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, server.Service.Running);
    }

    [Fact]
    public async Task Who_reads_slowly_is_cut_although_pieces_are_there()
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.Path);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        await using TestServer server = await TestServer.Start(model);
        GenerationRequest request = CompletionRequest.Read(new Fields(JsonElement.Parse("""{"prompt": "hello", "max_tokens": 50, "ignore_eos": true}""")), server.Service.State, "").Generation;
        using var late = new CancellationTokenSource();
        IAsyncEnumerator<(int, GeneratedPiece)> pieces = Generations.Run(request, late.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await pieces.MoveNextAsync());
        // All are written; the reader has seen one.
        await Eventually.Is(() => model.Engine.Statistics.Passes >= 40 && model.Engine.Statistics.Running == 0, "the text is not written");
        await late.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await pieces.MoveNextAsync());
    }
}
