using System.Text.Json.Nodes;
using ParScale.Training.Data.Parquet;

namespace ParScale.Training.Tests.Data.Parquet;

/// <summary>A table read whole, row by row, as JSON.</summary>
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

    public static void AssertEqual(IReadOnlyList<JsonNode?> expected, IReadOnlyList<JsonNode?> read, string what)
    {
        Assert.Equal((what, expected.Count), (what, read.Count));
        for (int row = 0; row < read.Count; row++)
            Assert.True(JsonNode.DeepEquals(expected[row], read[row]), $"{what}, row {row + 1}: expected {expected[row]?.ToJsonString()}, got {read[row]?.ToJsonString()}");
    }
}
