using System.Net;
using System.Text.Json;
using ParScale.Generation;

namespace ParScale.Server.Tests;

public sealed class CompletionEndpointTests(ChatModel model)
{
    [Theory]
    [InlineData("the hello world, the end")]
    [InlineData("déjà vu ☃ 😀 the")]
    public async Task An_evaluation_harness_finds_the_scores(string text)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        int[] ids = model.Model.Tokenizer.Encode(text);
        JsonElement answer = await server.Ask("/v1/completions", $$"""{"prompt": [[{{string.Join(',', ids)}}]], "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true, "streams": 2}""");
        JsonElement choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        JsonElement logProbs = choice.GetProperty("logprobs");
        double?[] values = [.. logProbs.GetProperty("token_logprobs").EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? (double?)null : value.GetDouble())];
        // One for each token of the prompt and for the new one, even when that ends the text.
        Assert.Equal(ids.Length + 1, values.Length);
        Assert.Null(values[0]);
        ScoreResult score = model.Model.Score(ids, new ScoreOptions { Streams = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(-score.TotalNll, values[1..^1].Sum()!.Value, 1e-9);
        JsonElement[] tops = [.. logProbs.GetProperty("top_logprobs").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, tops[0].ValueKind);
        LogitsResult own = model.Model.Logits(ids, 2, TestContext.Current.CancellationToken);
        for (int i = 1; i < ids.Length; i++)
            Assert.Equal(own.Argmax[i - 1] == ids[i], values[i] == tops[i].EnumerateObject().Max(top => top.Value.GetDouble()));
        // Offsets count code points, and a token inside a character has that character's.
        int[] runes = [.. text.EnumerateRunes().Select(rune => rune.Value)];
        int[] offsets = [.. logProbs.GetProperty("text_offset").EnumerateArray().Select(value => value.GetInt32())];
        for (int i = 0; i < ids.Length; i++)
        {
            string rest = model.Model.Tokenizer.Decode(ids.AsSpan(i));
            if (rest[0] == '\uFFFD') Assert.Equal(offsets[i - 1], offsets[i]);
            else Assert.Equal(rest, string.Concat(runes.Skip(offsets[i]).Select(char.ConvertFromUtf32)));
        }
    }

    [Fact]
    public async Task Prompts_of_every_form_are_continued()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        int[] ids = model.Model.Tokenizer.Encode("hello");
        string list = $"[{string.Join(',', ids)}]";
        async Task<string[]> Texts(string prompt) =>
            [.. (await server.Ask("/v1/completions", $$"""{"prompt": {{prompt}}, "max_tokens": 8, "temperature": 0}""")).GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("text").GetString()!)];
        string expected = model.Model.Generate("hello", new GenerationOptions { MaxNewTokens = 8, Sampling = SamplingOptions.Greedy }, TestContext.Current.CancellationToken);
        foreach (string prompt in (string[])["\"hello\"", "[\"hello\"]", list, $"[{list}]"]) Assert.Equal([expected], await Texts(prompt));
        Assert.Equal([expected, expected], await Texts($"[{list},{list}]"));
        Assert.Equal(expected, (await Texts("[\"the\",\"hello\"]"))[1]);
    }

    [Fact]
    public async Task An_echo_is_the_prompt_and_its_continuation_whole_or_in_parts()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        const string Request = """{"prompt": ["hello world", "the ☃"], "max_tokens": 6, "temperature": 0, "echo": true, "logprobs": 2, "n": 2""";
        JsonElement whole = await server.Ask("/v1/completions", Request + "}");
        List<JsonElement> parts = await server.Events("/v1/completions", Request + """, "stream": true}""");
        Assert.Equal(4, whole.GetProperty("choices").GetArrayLength());
        foreach (JsonElement choice in whole.GetProperty("choices").EnumerateArray())
        {
            int index = choice.GetProperty("index").GetInt32();
            Assert.StartsWith(index < 2 ? "hello world" : "the ☃", choice.GetProperty("text").GetString(), StringComparison.Ordinal);
            JsonElement[] own = [.. parts.Select(part => part.GetProperty("choices")[0]).Where(part => part.GetProperty("index").GetInt32() == index)];
            Assert.Equal(choice.GetProperty("text").GetString(), string.Concat(own.Select(part => part.GetProperty("text").GetString())));
            foreach (string name in (string[])["tokens", "token_logprobs", "top_logprobs", "text_offset"])
            {
                Assert.Equal(choice.GetProperty("logprobs").GetProperty(name).EnumerateArray().Select(value => value.GetRawText()),
                    own.Where(part => part.GetProperty("logprobs").ValueKind != JsonValueKind.Null).SelectMany(part => part.GetProperty("logprobs").GetProperty(name).EnumerateArray()).Select(value => value.GetRawText()));
            }
        }
    }

    [Fact]
    public async Task An_echo_alone_scores_the_prompt()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        const string Request = """{"prompt": ["hello world", [84]], "temperature": 0, "echo": true, "logprobs": 2, "stream_weights": true, "max_tokens": """;
        JsonElement one = await server.Ask("/v1/completions", Request + "1}"), none = await server.Ask("/v1/completions", Request + "0}");
        List<JsonElement> parts = await server.Events("/v1/completions", Request + """0, "stream": true, "stream_options": {"include_usage": true}}""");
        Assert.Equal(one.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), none.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal((0, 0), (none.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), parts[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
        foreach (JsonElement choice in none.GetProperty("choices").EnumerateArray())
        {
            int index = choice.GetProperty("index").GetInt32();
            JsonElement longer = one.GetProperty("choices")[index];
            JsonElement[] own = [.. parts.SelectMany(part => part.GetProperty("choices").EnumerateArray()).Where(part => part.GetProperty("index").GetInt32() == index)];
            Assert.Equal(("length", "length"), (choice.GetProperty("finish_reason").GetString(), own[^1].GetProperty("finish_reason").GetString()));
            Assert.Equal(index == 0 ? "hello world" : model.Model.Tokenizer.Decode([84]), choice.GetProperty("text").GetString());
            Assert.Equal(choice.GetProperty("text").GetString(), string.Concat(own.Select(part => part.GetProperty("text").GetString())));
            Assert.Empty(choice.GetProperty("stream_weights").EnumerateArray());
            foreach (string name in (string[])["tokens", "token_logprobs", "top_logprobs", "text_offset"])
            {
                string[] values = [.. choice.GetProperty("logprobs").GetProperty(name).EnumerateArray().Select(value => value.GetRawText())];
                Assert.Equal(longer.GetProperty("logprobs").GetProperty(name).EnumerateArray().Select(value => value.GetRawText()).SkipLast(1), values);
                Assert.Equal(values, own.Where(part => part.GetProperty("logprobs").ValueKind != JsonValueKind.Null).SelectMany(part => part.GetProperty("logprobs").GetProperty(name).EnumerateArray()).Select(value => value.GetRawText()));
            }
        }
    }

    [Theory]
    [InlineData("""{"prompt": [-1]}""", "prompt[0]")]
    [InlineData("""{"prompt": [999999]}""", "prompt[0]")]
    [InlineData("""{"prompt": [1, "x"]}""", "prompt[0]")]
    [InlineData("""{"prompt": [[1], [1.5]]}""", "prompt[1][0]")]
    [InlineData("""{"prompt": [[]]}""", "prompt")]
    [InlineData("""{"prompt": {}}""", "prompt")]
    [InlineData("""{"prompt": "x", "suffix": "y"}""", "suffix")]
    [InlineData("""{"prompt": "x", "best_of": 4}""", "best_of")]
    [InlineData("""{"prompt": "x", "logprobs": 99}""", "logprobs")]
    [InlineData("""{"prompt": "x", "max_tokens": 0}""", "max_tokens")]
    [InlineData("""{"prompt": "x", "max_tokens": 0, "echo": false}""", "max_tokens")]
    [InlineData("""{"prompt": "x", "max_tokens": -2, "echo": true}""", "max_tokens")]
    public async Task A_wrong_field_is_named(string body, string param)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/completions", body);
        Assert.True(status == HttpStatusCode.BadRequest, answer.ToString());
        Assert.Equal(param, answer.GetProperty("error").GetProperty("param").GetString());
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_is_refused_with_both_counts()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/completions", JsonSerializer.Serialize(new { prompt = Enumerable.Repeat(1, ChatModel.Context + 7), stream = true }));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("context_length_exceeded", answer.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains($"{ChatModel.Context + 7}", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains($"{ChatModel.Context}", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tokenizer_answers_in_the_words_of_both_servers()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        int[] ids = model.Model.Tokenizer.Encode("hello world");
        Assert.Equal(ids, (await server.Ask("/tokenize", """{"prompt": "hello world", "add_special_tokens": false}""")).GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(ids, (await server.Ask("/tokenize", """{"content": "hello world"}""")).GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32()));
        JsonElement text = await server.Ask("/detokenize", $$"""{"tokens": [{{string.Join(',', ids)}}]}""");
        Assert.Equal(("hello world", "hello world"), (text.GetProperty("prompt").GetString(), text.GetProperty("content").GetString()));
        using HttpResponseMessage info = await server.Client.GetAsync(new Uri("/tokenizer_info", UriKind.Relative), TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(await info.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(TinyTokenizer.EndOfTextName, json.RootElement.GetProperty("eos_token").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("bos_token").ValueKind);
    }
}
