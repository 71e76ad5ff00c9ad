using System.Text;
using System.Text.Json.Nodes;
using ParScale.Training.Data.Parquet;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Tests.Data.Parquet;

/// <summary>A table read whole, row by row, as JSON and as documents.</summary>
internal static class Table
{
    public static List<JsonNode?> Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        var file = new FileRegion(stream);
        ParquetFooter footer = ParquetFooter.Read(file);
        var rows = new List<JsonNode?>();
        foreach (ParquetRowGroup group in footer.Groups)
        {
            using var assembler = new RowAssembler(file, group, footer.Schema.Children);
            for (long row = 0; row < group.Rows; row++) rows.Add(JsonNode.Parse(assembler.Next().Json));
            assembler.RequireEnd();
        }
        return rows;
    }

    public static JsonRow Rows { get; } = new(new FieldNames(), ChatRenderer.ChatMl);

    /// <summary>The documents and the faults of a table must be those of the same rows in JSON; gives how many there are of each.</summary>
    public static (int Good, int Bad) AssertDocumentsEqual(IReadOnlyList<JsonNode?> rows, string path)
    {
        SourceRecord[] records = [.. new ParquetSource(path, new FieldNames(), Rows).Read()];
        string[] expected = [.. rows.Select((row, index) => Outcome(() => Rows.Parse(Encoding.UTF8.GetBytes(row!.ToJsonString()), RowLocation.Row(path, index + 1))))];
        Assert.Equal(expected, records.Select(record => Outcome(record.Parse)));
        int bad = expected.Count(outcome => outcome.StartsWith("TD-", StringComparison.Ordinal));
        return (expected.Length - bad, bad);
    }

    /// <summary>A document as a text, or its fault.</summary>
    public static string Outcome(Func<Document> parse)
    {
        try
        {
            return string.Concat(parse().Segments.Select(segment => (segment.Learned ? "+" : "-") + segment.Text));
        }
        catch (ParScaleException e)
        {
            return e.Code + e.Message;
        }
    }

    public static void AssertEqual(IReadOnlyList<JsonNode?> expected, IReadOnlyList<JsonNode?> read, string what)
    {
        Assert.Equal((what, expected.Count), (what, read.Count));
        for (int row = 0; row < read.Count; row++)
            Assert.True(JsonNode.DeepEquals(expected[row], read[row]), $"{what}, row {row + 1}: expected {expected[row]?.ToJsonString()}, got {read[row]?.ToJsonString()}");
    }
}
