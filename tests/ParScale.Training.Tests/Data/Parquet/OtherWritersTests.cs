using System.Text.Json.Nodes;

namespace ParScale.Training.Tests.Data.Parquet;

/// <summary>Tables by Apache Arrow for Rust, hyparquet-writer and parquetjs, made by <c>Vectors/make.mjs</c>.</summary>
public sealed class OtherWritersTests
{
    [Fact]
    public void Their_tables_read_back_row_by_row()
    {
        string[] tables = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Data", "Parquet", "Vectors"), "*.parquet");
        Assert.True(tables.Length >= 40);
        foreach (string table in tables)
        {
            JsonNode?[] rows = [.. File.ReadLines(Path.ChangeExtension(table, ".jsonl")).Select(line => JsonNode.Parse(line))];
            Table.AssertEqual(rows, Table.Read(table), Path.GetFileName(table));
            Table.AssertDocumentsEqual(rows, table);
        }
    }
}
