using System.Net;
using System.Text.Json;
using ParScale.Generation;

namespace ParScale.Server.Tests;

/// <summary>Requests whose helpers rest where the anchor is sure.</summary>
public sealed class AnchoredRequestTests : IDisposable
{
    private const string Prompt = """ "prompt": "hello world", "max_tokens": 25, "temperature": 1, "seed": 7, "ignore_eos": true """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Auto_is_a_choice_of_streams_with_a_budget_or_a_threshold()
    {
        using LanguageModel model = Load(new LoadOptions());
        await using TestServer server = await TestServer.Start(model);
        foreach ((string fields, StreamGate? gate) in ((string, StreamGate?)[])
            [("", null), (""" , "streams": "auto" """, new StreamGate()), (""" , "streams": "auto", "stream_budget": 2.5 """, new StreamGate { Budget = 2.5 }), (""" , "streams": "auto", "stream_threshold": 0 """, new StreamGate { Threshold = 0 })])
        {
            JsonElement answer = await server.Ask("/v1/completions", $$"""{ {{Prompt}}{{fields}} }""");
            (string text, double mean) = await Own(model, gate);
            Assert.Equal(text, answer.GetProperty("choices")[0].GetProperty("text").GetString());
            double? told = answer.GetProperty("usage").TryGetProperty("mean_streams", out JsonElement value) ? value.GetDouble() : null, ran = gate is null ? null : mean;
            Assert.Equal(ran, told);
        }
        foreach (string wrong in (string[])[""" "stream_budget": 2 """, """ "streams": 1, "stream_threshold": 2 """, """ "streams": "auto", "stream_budget": 9 """, """ "model": "tiny:p1", "streams": "auto" """])
            Assert.Equal(HttpStatusCode.BadRequest, (await server.Post("/v1/completions", $$"""{ {{Prompt}}, {{wrong}} }""")).Status);
    }

    [Fact]
    public async Task A_server_may_have_a_gate_for_all_who_do_not_choose()
    {
        using LanguageModel model = Load(new LoadOptions { Gate = new StreamGate { Budget = 2 } });
        await using TestServer server = await TestServer.Start(model);
        JsonElement usual = await server.Ask("/v1/completions", $$"""{ {{Prompt}} }"""), all = await server.Ask("/v1/completions", $$"""{ {{Prompt}}, "streams": 4 }""");
        Assert.Equal((await Own(model, new StreamGate { Budget = 2 })).Text, usual.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.True(usual.GetProperty("usage").TryGetProperty("mean_streams", out _));
        Assert.Equal((await Own(model, null)).Text, all.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.False(all.GetProperty("usage").TryGetProperty("mean_streams", out _));
    }

    [Fact]
    public async Task A_request_may_ask_the_router()
    {
        Load(new LoadOptions()).Dispose();
        GateFiles.Write(_folder.Path, 4);
        using LanguageModel model = LanguageModel.Load(_folder.Path, new LoadOptions { Threads = 2 });
        await using TestServer server = await TestServer.Start(model);
        foreach ((string fields, StreamGate gate, string word) in ((string, StreamGate, string)[])
            [("", new StreamGate(), "router"), (""", "stream_gate": "router", "stream_threshold": 0.01""", new StreamGate { Threshold = 0.01, Score = GateScore.Router }, "router"), (""", "stream_gate": "entropy" """, new StreamGate { Score = GateScore.Entropy }, "entropy")])
        {
            JsonElement answer = await server.Ask("/v1/completions", $$"""{ {{Prompt}}, "streams": "auto"{{fields}} }""");
            Assert.Equal((await Own(model, gate)).Text, answer.GetProperty("choices")[0].GetProperty("text").GetString());
            Assert.Equal(word, answer.GetProperty("usage").GetProperty("stream_gate").GetString());
        }
        foreach (string wrong in (string[])[""" "stream_gate": "router" """, """ "streams": "auto", "stream_gate": "luck" """, """ "model": "tiny:p1", "stream_gate": "router", "streams": "auto" """])
            Assert.Equal(HttpStatusCode.BadRequest, (await server.Post("/v1/completions", $$"""{ {{Prompt}}, {{wrong}} }""")).Status);
    }

    private static async Task<(string Text, double Mean)> Own(LanguageModel model, StreamGate? gate)
    {
        var options = new GenerationOptions { MaxNewTokens = 25, Streams = 4, Gate = gate, IgnoreEndOfText = true, Sampling = new SamplingOptions { Temperature = 1, Seed = 7 } };
        (string text, double mean) = ("", 0);
        await foreach (GeneratedPiece piece in model.GenerateAsync("hello world", options, TestContext.Current.CancellationToken))
            (text, mean) = (text + piece.Text, piece.Statistics?.MeanStreams ?? mean);
        return (text, mean);
    }

    private LanguageModel Load(LoadOptions options)
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(4, vocabulary: TinyTokenizer.VocabularySize, anchored: true), seed: 4);
        TinyTokenizer.Write(_folder.Path);
        return LanguageModel.Load(_folder.Path, options with { Threads = 2 });
    }
}
