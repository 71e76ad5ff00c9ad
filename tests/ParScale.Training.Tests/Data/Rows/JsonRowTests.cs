using System.Text;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Tests.Data.Rows;

public sealed class JsonRowTests
{
    [Theory]
    [InlineData("""{"text":"a b","n":1}""", "+a b")]
    [InlineData("""{"prompt":"q","completion":" a","text":"t"}""", "-q + a")]
    [InlineData("""{"prompt":"","completion":"a"}""", "- +a")]
    [InlineData("""{"prompt":"how it was made","text":"t"}""", "+t")]
    [InlineData("""{"text":"t","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a","name":"x"}]}""",
        "-<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n +a<|im_end|> -\n")]
    [InlineData("""{"prompt":null,"messages":null,"completion":null,"text":"t"}""", "+t")]
    [InlineData("""{"prompt":"q","completion":null,"text":"t"}""", "+t")]
    [InlineData("""{"text":"t","n":NaN,"m":{"x":[-Infinity,"NaN \" Infinity"]},"messages":NaN}""", "+t")]
    [InlineData("""{"text":"t","tools":[{"type":"function"}],"weight":0.5,"system":"s"}""", "+t")]
    [InlineData("""{"instruction":"i","prompt":"q","completion":"a","input":"i","weight":1.0,"history":[]}""", "-q +a")]
    public void Fields_become_segments(string json, string expected) =>
        Assert.Equal(expected, string.Join(' ', Parse(json).Segments.Select(segment => (segment.Learned ? "+" : "-") + segment.Text)));

    [Theory]
    [InlineData("""{"text":"a" """, "TD-02")]
    [InlineData("""{"text":"a"} x""", "TD-02")]
    [InlineData("""["text"]""", "TD-02")]
    [InlineData("""{"txt":"a"}""", "TD-03")]
    [InlineData("""{"prompt":"a"}""", "TD-03")]
    [InlineData("""{"text":1}""", "TD-03")]
    [InlineData("""{"text":null}""", "TD-03")]
    [InlineData("""{"text":NaN}""", "TD-03")]
    [InlineData("""{"messages":"a"}""", "TD-03")]
    [InlineData("""{"messages":["a"]}""", "TD-03")]
    [InlineData("""{"messages":[{"role":"assistant"}]}""", "TD-03")]
    [InlineData("""{"messages":[{"role":"assistant","content":[{"type":"text"}]}]}""", "TD-03")]
    [InlineData("""{"messages":[{"role":"assistant","content":["a"]}]}""", "TD-03")]
    [InlineData("""{"messages":[{"role":null,"content":"a"}]}""", "TD-03")]
    [InlineData("""{"messages":null,"text":null}""", "TD-03")]
    [InlineData("""{"prompt":"a","completion":[{"role":"assistant","content":"a"}]}""", "TD-03")]
    [InlineData("""{"text":"a","n":Nan}""", "TD-02")]
    [InlineData("""{"messages":[{"role":"robot","content":"a"}]}""", "TD-03")]
    [InlineData("""{"text":"\ud800"}""", "TD-04")]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", "TD-10")]
    [InlineData("""{"messages":[]}""", "TD-16")]
    [InlineData("""{"text":" "}""", "TD-16")]
    [InlineData("""{"prompt":"a","completion":""}""", "TD-16")]
    public void Bad_rows_are_named(string json, string code)
    {
        var error = Assert.Throws<ParScaleException>(() => Parse(json));
        Assert.Equal((code, ErrorKind.BadInput), (error.Code, error.Kind));
        Assert.StartsWith("\"in/x.jsonl\": line 1017: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_named() =>
        Assert.Equal("TD-04", Assert.Throws<ParScaleException>(() => Row().Parse("{\"text\":\"\xFF\"}"u8.ToArray().Select(b => b == 0xC3 ? (byte)0xFF : b).ToArray(), Place)).Code);

    [Fact]
    public void Fields_may_have_other_names()
    {
        var row = new JsonRow(new FieldNames(Prompt: "question", Completion: "answer"), ChatRenderer.ChatMl);
        Assert.Equal(["q", "a"], row.Parse("""{"question":"q","answer":"a"}"""u8.ToArray(), Place).Segments.Select(segment => segment.Text));
    }

    [Fact]
    public void What_nobody_reads_may_be_as_deep_as_it_likes()
    {
        const int depth = 2_000_000;
        Assert.Equal("a", Parse("{\"text\":\"a\",\"meta\":" + new string('[', depth) + new string(']', depth) + "}").Segments[0].Text);
    }

    [Fact]
    public void What_is_read_is_not_called_something_else_because_it_is_deep()
    {
        string messages = "{\"messages\":[{\"role\":\"user\",\"content\":\"q\",\"meta\":" + new string('[', 900) + new string(']', 900) + "},{\"role\":\"assistant\",\"content\":\"a\"}]}";
        Assert.Contains("a<|im_end|>", Parse(messages).Segments.Select(segment => segment.Text));
        var error = Assert.Throws<ParScaleException>(() => Parse("{\"messages\":" + new string('[', 2000) + new string(']', 2000) + "}"));
        Assert.Contains("is nested more than 1000 levels deep", error.Message, StringComparison.Ordinal);
        Assert.Contains("is an array", Assert.Throws<ParScaleException>(() => Parse(new string('[', 2000) + new string(']', 2000))).Message, StringComparison.Ordinal);
        Assert.Contains("is not JSON", Assert.Throws<ParScaleException>(() => Parse("{\"text\":\"a\",\"meta\":" + new string('[', 2000) + "}")).Message, StringComparison.Ordinal);
    }

    private static RowLocation Place => RowLocation.Line("in/x.jsonl", 1017);

    private static JsonRow Row() => new(new FieldNames(), ChatRenderer.ChatMl);

    private static Document Parse(string json) => Row().Parse(Encoding.UTF8.GetBytes(json), Place);
}
