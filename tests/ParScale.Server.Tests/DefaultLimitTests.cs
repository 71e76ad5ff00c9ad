using System.Net;
using System.Text.Json;

namespace ParScale.Server.Tests;

/// <summary>What requests get that leave things open: limits, ends, special tokens.</summary>
public sealed class DefaultLimitTests(ChatModel models)
{
    private const string Endless = """{"messages": [{"role": "user", "content": "hello"}], "ignore_eos": true, "temperature": 0}""";

    [Theory]
    [InlineData(100)]
    [InlineData(40)]
    public async Task Without_a_limit_an_answer_ends_where_its_keys_have_no_more_room(int room)
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.Path);
        long bytes = Bytes(folder.Path);
        using LanguageModel model = LanguageModel.Load(folder.Path, new LoadOptions { KvMemory = room * bytes });
        await using TestServer server = await TestServer.Start(model);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/completions", """{"prompt": [1, 2, 3, 4], "max_tokens": 400}""");
        Assert.Equal((HttpStatusCode.BadRequest, "KV-01"), (status, answer.GetProperty("error").GetProperty("code").GetString()));
        (status, answer) = await server.Post("/v1/responses", """{"input": "hello", "temperature": 0}""");
        Assert.Equal(HttpStatusCode.OK, status);
        (status, answer) = await server.Post("/v1/chat/completions", Endless);
        Assert.Equal(HttpStatusCode.OK, status);
        JsonElement usage = answer.GetProperty("usage");
        // Room comes in pieces of 16 tokens, and the last token needs none.
        Assert.InRange(usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32(), room - 14, room + 1);
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task What_is_absent_comes_from_the_models_generation_config()
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.Path);
        using (LanguageModel before = LanguageModel.Load(folder.Path))
        {
            string text = before.Generate("hello", before.DefaultOptions with { MaxNewTokens = 6, IgnoreEndOfText = true, Sampling = Generation.SamplingOptions.Greedy }, TestContext.Current.CancellationToken);
            File.WriteAllText(folder.File("generation_config.json"), JsonSerializer.Serialize(new { max_new_tokens = 7, stop_strings = new[] { text[^2..] } }));
        }
        using LanguageModel model = LanguageModel.Load(folder.Path);
        await using TestServer server = await TestServer.Start(model);
        (_, JsonElement answer) = await server.Post("/v1/completions", """{"prompt": "hello", "temperature": 0, "ignore_eos": true, "stop": []}""");
        Assert.Equal((7, "length"), End(answer));
        (_, answer) = await server.Post("/v1/completions", """{"prompt": "hello", "temperature": 0, "ignore_eos": true}""");
        Assert.Equal("stop", End(answer).Reason);
        (_, answer) = await server.Post("/v1/completions", """{"prompt": "hello", "temperature": 0, "ignore_eos": true, "stop": [], "max_tokens": 9}""");
        Assert.Equal((9, "length"), End(answer));
        (_, answer) = await server.Post("/v1/chat/completions", Endless[..^1] + ", \"stop\": []}");
        Assert.Equal((7, "length"), End(answer));
        (_, answer) = await server.Post("/v1/chat/completions", Endless[..^1] + ", \"stop\": [], \"max_tokens\": -1}");
        Assert.InRange(End(answer).Tokens, 300, ChatModel.Context);
        // A least number wins over a limit that the client did not choose, and not over one that it did.
        (_, answer) = await server.Post("/v1/chat/completions", Endless[..^1] + ", \"stop\": [], \"min_tokens\": 12}");
        Assert.Equal((12, "length"), End(answer));
        (_, answer) = await server.Post("/v1/completions", """{"prompt": "hello", "temperature": 0, "ignore_eos": true, "stop": [], "min_tokens": 11}""");
        Assert.Equal((11, "length"), End(answer));
        (HttpStatusCode status, answer) = await server.Post("/v1/chat/completions", Endless[..^1] + ", \"max_tokens\": 5, \"min_tokens\": 12}");
        Assert.Equal((HttpStatusCode.BadRequest, "min_tokens"), (status, answer.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task Nothing_ends_a_text_before_its_least_number_of_tokens()
    {
        await using TestServer server = await TestServer.Start(models.Model);
        // The turn's end and the end of text are all that would be chosen.
        string bias = $$""" "logit_bias": {"{{ChatModel.Vocabulary - 1}}": 100, "{{TinyTokenizer.EndOfText}}": 90} """;
        (_, JsonElement answer) = await server.Post("/v1/chat/completions",
            $$"""{"messages": [{"role": "user", "content": "hello"}], "temperature": 0, "max_tokens": 30, "min_tokens": 20, {{bias}}}""");
        Assert.Equal((21, "stop"), End(answer));
        (_, answer) = await server.Post("/v1/completions", """{"prompt": "hello", "temperature": 0, "ignore_eos": true, "max_tokens": 30}""");
        string text = answer.GetProperty("choices")[0].GetProperty("text").GetString()!;
        (_, answer) = await server.Post("/v1/completions",
            $$"""{"prompt": "hello", "temperature": 0, "ignore_eos": true, "max_tokens": 30, "min_tokens": 20, "stop": {{JsonSerializer.Serialize(text.Select(c => $"{c}").Distinct().Take(4))}}}""");
        Assert.InRange(End(answer).Tokens, 20, 30);
    }

    [Fact]
    public async Task A_prompt_of_the_completions_names_special_tokens()
    {
        await using TestServer server = await TestServer.Start(models.Model);
        async Task<int> Tokens(string more)
        {
            (_, JsonElement answer) = await server.Post("/v1/completions", $$"""{"prompt": "a<|im_end|>b", "max_tokens": 1{{more}}}""");
            return answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32();
        }
        int parsed = models.Model.Tokenizer.Encode("a<|im_end|>b", parseSpecial: true, addSpecial: true).Length;
        Assert.Equal(parsed, await Tokens(""));
        Assert.Equal(parsed, await Tokens(", \"parse_special\": true"));
        int plain = await Tokens(", \"parse_special\": false");
        Assert.Equal(models.Model.Tokenizer.Encode("a<|im_end|>b", parseSpecial: false, addSpecial: true).Length, plain);
        Assert.NotEqual(parsed, plain);
    }

    [Fact]
    public async Task Minus_one_is_no_limit_and_a_new_seed()
    {
        await using TestServer server = await TestServer.Start(models.Model);
        foreach ((string path, string body) in ((string, string)[])
        [
            ("/v1/chat/completions", Endless[..^1] + ", \"max_tokens\": -1}"),
            ("/v1/chat/completions", Endless[..^1] + ", \"max_completion_tokens\": -1, \"max_tokens\": 3}"),
            ("/v1/completions", """{"prompt": "hello", "temperature": 0, "ignore_eos": true, "max_tokens": -1}"""),
        ])
        {
            JsonElement usage = (await server.Ask(path, body)).GetProperty("usage");
            // The last token needs no room of its own.
            Assert.InRange(usage.GetProperty("total_tokens").GetInt32(), ChatModel.Context - 1, ChatModel.Context + 1);
        }
        async Task<string> Text(int seed) => (await server.Ask("/v1/completions", $$"""{"prompt": "hello", "temperature": 1, "ignore_eos": true, "max_tokens": 40, "seed": {{seed}}}"""))
            .GetProperty("choices")[0].GetProperty("text").GetString()!;
        Assert.Equal(await Text(-2), await Text(-2));
        Assert.NotEqual(await Text(-1), await Text(-1));
    }

    private static (int Tokens, string Reason) End(JsonElement answer) =>
        (answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString()!);

    internal static long Bytes(string folder)
    {
        using LanguageModel model = LanguageModel.Load(folder);
        using Session session = model.CreateSession(ChatModel.Context);
        return model.KvMemoryInUse / ChatModel.Context;
    }
}
