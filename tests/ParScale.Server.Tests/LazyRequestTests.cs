using System.Net;
using System.Text.Json;
using ParScale.Generation;

namespace ParScale.Server.Tests;

/// <summary>Requests whose streams, of an elastic model, rest where its plain model is sure.</summary>
public sealed class LazyRequestTests : IDisposable
{
    private const string Prompt = """ "prompt": "hello world", "max_tokens": 25, "temperature": 1, "seed": 7, "ignore_eos": true, "stream_weights": true """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(""" "streams": "auto" """, 4, null, null)]
    [InlineData(""" "streams": "auto", "stream_budget": 2.5 """, 4, 2.5, null)]
    [InlineData(""" "streams": "auto", "stream_threshold": 0 """, 4, null, 0.0)]
    [InlineData(""" "model": "tiny:p2", "streams": "auto", "stream_threshold": 2.5 """, 2, null, 2.5)]
    public async Task Auto_is_the_library_s_gate(string fields, int streams, double? budget, double? threshold)
    {
        using LanguageModel model = Load();
        await using TestServer server = await TestServer.Start(model);
        var options = new GenerationOptions
        {
            MaxNewTokens = 25,
            Streams = streams,
            Gate = new StreamGate { Budget = budget, Threshold = threshold },
            IgnoreEndOfText = true,
            StreamWeights = true,
            Sampling = new SamplingOptions { Temperature = 1, Seed = 7 },
        };
        (string text, List<int?> weighed, GenerationStatistics? figures) = ("", [], null);
        await foreach (GeneratedPiece piece in model.GenerateAsync("hello world", options, TestContext.Current.CancellationToken))
        {
            (text, figures) = (text + piece.Text, piece.Statistics ?? figures);
            if (piece.TokenId is not null) weighed.Add(piece.StreamWeights?.Length);
        }
        JsonElement answer = await server.Ask("/v1/completions", $$"""{ {{Prompt}}, "cache_prompt": false, {{fields}} }"""), usage = answer.GetProperty("usage"), choice = answer.GetProperty("choices")[0];
        Assert.Equal(text, choice.GetProperty("text").GetString());
        Assert.Equal((figures!.MeanStreams, figures.CatchUpTokens), (usage.GetProperty("mean_streams").GetDouble(), usage.GetProperty("catch_up_tokens").GetInt32()));
        Assert.Equal(weighed, Lengths(choice));
        // Streamed, each token has its own.
        List<JsonElement> chunks = await server.Events("/v1/completions", $$"""{ {{Prompt}}, "stream": true, {{fields}} }""");
        Assert.Equal(weighed, chunks.Select(chunk => chunk.GetProperty("choices")[0]).Where(chunk => chunk.TryGetProperty("stream_weights", out _)).SelectMany(Lengths));
    }

    [Fact]
    public async Task Without_a_plain_model_of_its_own_there_is_no_auto()
    {
        using LanguageModel model = Load(2, 4);
        await using TestServer server = await TestServer.Start(model);
        (HttpStatusCode status, JsonElement body) = await server.Post("/v1/completions", $$"""{ {{Prompt}}, "streams": "auto" }""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("elastic one trained for 1 stream too", body.ToString(), StringComparison.Ordinal);
    }

    private static IEnumerable<int?> Lengths(JsonElement choice) =>
        choice.GetProperty("stream_weights").EnumerateArray().Select(one => one.ValueKind == JsonValueKind.Null ? (int?)null : one.GetArrayLength());

    private LanguageModel Load(params int[] counts)
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(4, vocabulary: TinyTokenizer.VocabularySize), seed: 4);
        CutCheckpoint.MakeElastic(_folder.Path, counts is [] ? [1, 2, 4] : counts);
        TinyTokenizer.Write(_folder.Path);
        return LanguageModel.Load(_folder.Path, new LoadOptions { Threads = 2 });
    }
}
