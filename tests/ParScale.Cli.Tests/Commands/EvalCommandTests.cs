using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Cli.Commands;
using ParScale.Cli.Tests.Support;
using ParScale.Configuration;

namespace ParScale.Cli.Tests.Commands;

public class EvalCommandTests(TinyModel model)
{
    [Fact]
    public void An_answer_is_right_when_each_of_its_tokens_is_the_likeliest()
    {
        using var folder = new TempFolder();
        // Without an end of text, which a random model hardly ever chooses.
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(2, hidden: 16, heads: 2, keyValueHeads: 1, vocabulary: TinyTokenizer.VocabularySize), seed: 4);
        TinyTokenizer.Write(folder.Path);
        using LanguageModel loaded = LanguageModel.Load(folder.Path);
        List<string> lines = [];
        double nll = 0;
        foreach (string prompt in Enumerable.Range('a', 26).Select(letter => $"the {(char)letter}"))
        {
            int[] ids = loaded.Tokenizer.Encode(prompt);
            int likeliest = loaded.Logits(ids, TestContext.Current.CancellationToken).Argmax[^1];
            string answer = loaded.Tokenizer.Decode([likeliest]);
            // A byte of a longer character is no text.
            if (!loaded.Tokenizer.Encode(answer).SequenceEqual([likeliest])) continue;
            lines.Add(JsonSerializer.Serialize(new { prompt, completion = answer }));
            nll += loaded.Score([.. ids, likeliest], new ScoreOptions { TopLogProbs = 0 }, cancellationToken: TestContext.Current.CancellationToken).Predictions![^1].LogProb * -1;
        }
        Assert.NotEmpty(lines);
        string file = folder.Write("q.jsonl", string.Join("\n\n", lines));
        JsonElement row = Assert.Single(Tool.Run("eval", "-m", folder.Path, "--data", file, "--json").Json().GetProperty("rows").EnumerateArray());
        Assert.Equal((2, lines.Count, lines.Count), (row.GetProperty("streams").GetInt32(), row.GetProperty("questions").GetInt32(), row.GetProperty("right").GetInt32()));
        Assert.Equal(nll / lines.Count, row.GetProperty("nll").GetDouble(), 1e-5);

        // The same answers by the model of the assembly, which must also end after them, and does not.
        JsonElement other = Tool.Run("eval", "-m", model.Folder, "--data", file, "--limit", "1", "--streams", "1", "--json").Json().GetProperty("rows")[0];
        Assert.Equal((1, 1, 0), (other.GetProperty("streams").GetInt32(), other.GetProperty("questions").GetInt32(), other.GetProperty("right").GetInt32()));
    }

    [Fact]
    public void An_elastic_model_is_asked_with_every_number_of_streams_or_with_the_one_that_is_given()
    {
        using var folder = new TempFolder();
        string file = folder.Write("q.jsonl", """{"prompt":"ROMEO","completion":":"}""");
        int[] Streams(params string[] more) =>
            [.. Tool.Run(["eval", "-m", EmbeddedModel.Folder(), "--data", file, "--json", .. more]).Json().GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("streams").GetInt32())];
        Assert.Equal([1, 2, 4], Streams());
        foreach (int one in (int[])[1, 2, 4]) Assert.Equal([one], Streams("--streams", $"{one}"));
    }

    [Fact]
    public void Streams_that_are_added_are_asked_too()
    {
        using var folder = new TempFolder();
        string plain = folder.File("plain"), added = folder.File("added");
        RandomCheckpoint.Write(plain, RandomCheckpoint.Config(1, hidden: 16, heads: 2, keyValueHeads: 1, vocabulary: TinyTokenizer.VocabularySize, maxPositions: 8), seed: 4);
        RandomCheckpoint.WriteAddOn(added, plain, new StreamConfig(2, 3, 0.1), seed: 5);
        TinyTokenizer.Write(plain);
        string file = folder.Write("q.jsonl", """{"prompt":"aa","completion":"b"}""");
        JsonElement[] rows = [.. Tool.Run("eval", "-m", plain, "--add-streams", added, "--data", file, "--json").Json().GetProperty("rows").EnumerateArray()];
        Assert.Equal([1, 2], rows.Select(row => row.GetProperty("streams").GetInt32()));
        // Eight tokens are read and a ninth is predicted; a tenth does not fit.
        Assert.Equal(0, Tool.Run("eval", "-m", plain, "--data", folder.Write("nine.jsonl", """{"prompt":"abcdefg","completion":"ij"}""")).Exit);
        Outcome refused = Tool.Run("eval", "-m", plain, "--data", folder.Write("ten.jsonl", "{\"prompt\":\"a\",\"completion\":\"b\"}\n{\"prompt\":\"abcdefg\",\"completion\":\"ijk\"}"));
        refused.Fails(2, "GE-03");
        Assert.Contains("question 2", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_model_the_embedded_one_is_asked_its_own_questions_and_is_right_more_often_with_more_streams()
    {
        JsonElement[] rows = [.. Tool.Run("eval", "--json").Json().GetProperty("rows").EnumerateArray()];
        Assert.Equal([1, 2, 4], rows.Select(row => row.GetProperty("streams").GetInt32()));
        Assert.All(rows, row => Assert.Equal(2000, row.GetProperty("questions").GetInt32()));
        Assert.True(rows[0].GetProperty("high").GetDouble() < rows[2].GetProperty("low").GetDouble(), "the intervals of P = 1 and 4 overlap");
        Tool.Run("eval", "-m", model.Folder).Fails(2, "CL-02");
    }

    [Fact]
    public void With_a_gate_answers_are_written_and_an_open_one_gives_those_of_all_streams_a_closed_one_those_of_the_plain_model()
    {
        JsonElement Row(params string[] more) => Assert.Single(Tool.Run(["eval", "--limit", "400", "--json", .. more]).Json().GetProperty("rows").EnumerateArray());
        foreach ((string streams, string[] gate) in (ReadOnlySpan<(string, string[])>)[("4", ["--stream-threshold", "0"]), ("1", ["--stream-budget", "1"])])
        {
            JsonElement fixedNumber = Row("--streams", streams), auto = Row(["--streams", "auto", .. gate]);
            Assert.Equal(("auto", double.Parse(streams, CultureInfo.InvariantCulture)), (auto.GetProperty("name").GetString(), auto.GetProperty("streams_per_token").GetDouble()));
            Assert.Equal(fixedNumber.GetProperty("right").GetInt32(), auto.GetProperty("right").GetInt32());
            Assert.False(auto.TryGetProperty("nll", out _));
        }
        // The embedded model has a router, so that short answers keep to a budget from the first one on.
        JsonElement half = Row("--streams", "auto", "--stream-budget", "2");
        Assert.InRange(half.GetProperty("streams_per_token").GetDouble(), 1.8, 2.2);
        Assert.True(half.GetProperty("right").GetInt32() > Row("--streams", "2").GetProperty("right").GetInt32(), "two streams for every token are right more often");
        Tool.Run("eval", "--stream-budget", "2").Fails(2, "CL-02");
        Tool.Run("eval", "-m", model.Folder, "--data", Path.Combine(EmbeddedModel.ChatFolder(), "questions.jsonl"), "--streams", "auto").Fails(2, "GE-08");
    }

    [Fact]
    public void The_answers_to_the_embedded_questions_are_right()
    {
        const int modulus = 16;
        foreach (string line in File.ReadLines(Path.Combine(EmbeddedModel.ChatFolder(), "questions.jsonl")))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            int[] numbers = [.. row.GetProperty("prompt").GetString()!.TrimEnd('=').Select(c => Convert.ToInt32(c.ToString(), modulus))];
            bool[] found = new bool[numbers.Length];
            for (int i = 0; i < numbers.Length; i++)
                for (int j = 0; j < i; j++)
                    for (int k = 0; k < j; k++)
                        if ((numbers[i] + numbers[j] + numbers[k]) % modulus == 0) found[i] = found[j] = found[k] = true;
            Assert.Equal(string.Concat(found.Select(one => one ? '1' : '0')), row.GetProperty("completion").GetString());
        }
    }

    [Fact]
    public void A_question_begins_as_the_tokenizer_begins_a_text()
    {
        using var folder = new TempFolder();
        var tiny = new TinyTokenizer();
        int begin = tiny.Add("<s>", special: true);
        tiny.Root["post_processor"] = JsonNode.Parse($$"""
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0} },{"Sequence":{"id":"A","type_id":0} }],
            "special_tokens":{"<s>":{"id":"<s>","ids":[{{begin}}],"tokens":["<s>"]} } }
            """);
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(1, hidden: 16, heads: 2, keyValueHeads: 1, vocabulary: begin + 1), seed: 4);
        folder.Write("tokenizer.json", tiny.Root.ToJsonString());
        string file = folder.Write("q.jsonl", """{"prompt":"the","completion":"hello"}""");
        using LanguageModel loaded = LanguageModel.Load(folder.Path);
        int[] answer = loaded.Tokenizer.Encode("hello");
        double Nll(int[] prompt) => -loaded.Score([.. prompt, .. answer], new ScoreOptions { TopLogProbs = 0 }, cancellationToken: TestContext.Current.CancellationToken)
            .Predictions!.TakeLast(answer.Length).Average(token => token.LogProb);
        double begun = Nll([begin, .. loaded.Tokenizer.Encode("the")]);
        Assert.NotEqual(Nll(loaded.Tokenizer.Encode("the")), begun, 1e-4);
        Assert.Equal(begun, Tool.Run("eval", "-m", folder.Path, "--data", file, "--json").Json().GetProperty("rows")[0].GetProperty("nll").GetDouble(), 1e-6);
    }

    [Fact]
    public void Intervals_are_those_of_wilson()
    {
        (double low, double high) = EvalRow.Wilson(7, 10);
        Assert.Equal(0.3968, low, 1e-4);
        Assert.Equal(0.8922, high, 1e-4);
        Assert.Equal(0, EvalRow.Wilson(0, 10).Low, 1e-12);
        Assert.Equal(0.2775, EvalRow.Wilson(0, 10).High, 1e-4);
    }

    [Theory]
    [InlineData("", "has no question")]
    [InlineData("{\"prompt\":\"a\"}", "line 1 is no JSON object")]
    [InlineData("{\"prompt\":\"a\",\"completion\":\"b\"}\nnothing", "line 2 is no JSON object")]
    [InlineData("{\"prompt\":\"\\ud800\",\"completion\":\"b\"}", "line 1 is no JSON object")]
    public void A_bad_file_is_refused_with_its_line(string text, string message)
    {
        using var folder = new TempFolder();
        Outcome run = Tool.Run("eval", "-m", model.Folder, "--data", folder.Write("q.jsonl", text));
        Assert.Equal(3, run.Exit);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }
}
