using System.Net;
using System.Text.Json;
using ParScale.Generation;

namespace ParScale.Server.Tests;

/// <summary>One elastic folder is served with every number of its streams, request by request.</summary>
public sealed class ElasticModelTests
{
    [Fact]
    public async Task Every_number_of_streams_has_a_name_and_answers_as_the_cut_alone()
    {
        using var folder = new TempFolder();
        string elastic = folder.File("elastic");
        RandomCheckpoint.Write(elastic, RandomCheckpoint.Config(
            streams: 4, hidden: 32, heads: 2, layers: 2, intermediate: 48, vocabulary: TinyTokenizer.VocabularySize, endOfText: [TinyTokenizer.EndOfText]), seed: 4);
        TinyTokenizer.Write(elastic);
        CutCheckpoint.MakeElastic(elastic, 1, 2, 4);
        using LanguageModel model = LanguageModel.Load(elastic, new LoadOptions { Streams = 2 });
        await using TestServer server = await TestServer.Start(model);
        using var json = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken));
        JsonElement[] entries = [.. json.RootElement.GetProperty("data").EnumerateArray()];
        Assert.Equal(["tiny", "tiny:p1", "tiny:p2", "tiny:p4"], entries.Select(entry => entry.GetProperty("id").GetString()));
        Assert.Equal([2, 1, 2, 4], entries.Select(entry => entry.GetProperty("parscale_n").GetInt32()));

        foreach (int count in (int[])[1, 2, 4])
        {
            string cut = folder.File($"cut{count}");
            CutCheckpoint.Write(elastic, cut, count);
            TinyTokenizer.Write(cut);
            using LanguageModel alone = LanguageModel.Load(cut);
            var options = new GenerationOptions { MaxNewTokens = 12, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };
            string expected = alone.Generate("hello world", options, TestContext.Current.CancellationToken);
            const string Request = "\"prompt\": \"hello world\", \"temperature\": 0, \"max_tokens\": 12, \"ignore_eos\": true";
            foreach (string body in (string[])[$"{{\"model\": \"tiny:p{count}\", {Request}}}", $"{{\"streams\": {count}, {Request}}}"])
                Assert.Equal(expected, (await server.Ask("/v1/completions", body)).GetProperty("choices")[0].GetProperty("text").GetString());
        }
        (HttpStatusCode status, JsonElement refused) = await server.Post("/v1/completions", """{"prompt": "x", "streams": 3}""");
        Assert.Equal((HttpStatusCode.BadRequest, "streams_not_loaded"), (status, refused.GetProperty("error").GetProperty("code").GetString()));
    }
}
