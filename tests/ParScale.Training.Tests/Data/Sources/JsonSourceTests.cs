using System.Text;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Tests.Data.Sources;

public sealed class JsonSourceTests
{
    [Theory]
    [InlineData("""[{"text":"a"},{"text":"b, ]} \" c"}]""", "a|b, ]} \" c")]
    [InlineData("\uFEFF [\n  {\n    \"text\": \"a\",\n    \"m\": [1, {}]\n  },\n  {\"text\": \"b\"}\n]\n\n", "a|b")]
    [InlineData("{\"text\":\"a\"}\n{\"text\":\"b\"}\n", "a|b")]
    [InlineData("{\n \"text\": \"a\"\n}\n{\n \"text\": \"b\"\n}", "a|b")]
    [InlineData("{\n \"text\": \"a\"}{\"text\": \"b\"}", "a|b")]
    [InlineData("[]", "")]
    [InlineData(" [ ] ", "")]
    [InlineData("""[{"text":"a"},3,{"text":"b"}]""", "a|TD-02|b")]
    [InlineData("""[{"text":"a"},,{"text":"b"}]""", "a|TD-02|b")]
    [InlineData("""[{"text":"a"} {"text":"x"},{"text":"b"}]""", "TD-02|b")]
    [InlineData("{\"text\":\"a\"}\noops\n{\"text\":\"b\"}\n", "a|TD-02|b")]
    [InlineData("{\n\"text\":\"a\"}\noops\n{\"text\":\"b\"}\n", "a|TD-02|b")]
    public void Elements_objects_and_lines_are_rows(string json, string expected) => Assert.Equal(expected, Read(json));

    [Theory]
    [InlineData("""[{"text":"a"},{"text":"b"}""", "cut off")]
    [InlineData("""[{"text":"a"},{"text":"b}]""", "cut off")]
    [InlineData("{\n\"text\":\"a\"", "cut off")]
    [InlineData("""[{"text":"a"}] x""", "behind its array")]
    public void A_whole_that_is_not_JSON_is_told_and_not_offered_to_be_skipped(string json, string reason)
    {
        var error = Assert.Throws<ParScaleException>(() => Read(json));
        Assert.Equal("TD-02", error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--skip-bad", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_element_over_the_limit_is_passed_over()
    {
        string json = $$"""[{"text":"{{new string('x', 700_000)}}"},{"text":"b"}]""";
        SourceLine[] values = [.. new JsonValues(new MemoryStream(Encoding.UTF8.GetBytes(json)), limit: 1000).Read()];
        Assert.Null(values[0].Bytes);
        Assert.Equal("""{"text":"b"}""", Encoding.UTF8.GetString(values[1].Bytes!));
        Assert.Equal(json.Length, values.Sum(value => value.Length) + 1, tolerance: 2.0);
    }

    [Theory]
    [InlineData("[\n{\"text\":\"a\"},\n{\"text\":\"b\"}\n]\n", "a|b")]
    [InlineData("{\r\n\"text\":\"a\"\r\n}\r\n{\r\n\"text\":\"b\"}", "a|b")]
    [InlineData("{\"text\":\"a\n{\"text\":\"b\"}\n", "TD-02|b")]
    [InlineData("[{\"text\":\"a\"}]\n{\"text\":\"b\"}\n", "TD-02|b")]
    public void Lines_are_rows_unless_the_first_is_a_bracket_alone(string json, string expected) => Assert.Equal(expected, Read(json, "a.jsonl"));

    private static string Read(string json, string name = "a.json")
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File(name), json);
        return string.Join('|', SourceFiles.Source(folder.File(name), null, new FieldNames(), ChatRenderer.ChatMl).Read().Select(Text));
    }

    private static string Text(SourceRecord record)
    {
        try
        {
            return record.Parse().Segments[0].Text;
        }
        catch (ParScaleException e)
        {
            return e.Code;
        }
    }
}
