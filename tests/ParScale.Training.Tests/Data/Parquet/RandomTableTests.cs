using System.Text.Json.Nodes;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Tests.Data.Parquet;

public sealed class RandomTableTests
{
    [Fact]
    public async Task Two_thousand_tables_read_back_row_by_row_and_only_their_bad_rows_are_bad()
    {
        using var folder = new TempFolder();
        string path = folder.File("t.parquet");
        (int good, int bad) = (0, 0);
        for (int seed = 0; seed < 2000; seed++)
        {
            List<JsonNode?> rows;
            await using (FileStream file = File.Create(path)) rows = await RandomTable.Write(file, new Random(seed));
            Table.AssertEqual(rows, Table.Read(path), $"table {seed}");
            (int goodHere, int badHere) = Table.AssertDocumentsEqual(rows, path);
            (good, bad) = (good + goodHere, bad + badHere);
        }
        Assert.True(good > 2000 && bad > 2000, $"{good} good rows and {bad} bad ones do not show much");
    }

    [Fact]
    public async Task Damaged_tables_are_refused_or_read_but_nothing_else_happens()
    {
        using var folder = new TempFolder();
        List<byte[]> tables = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Data", "Parquet", "Vectors"), "*.parquet").Select(File.ReadAllBytes)];
        for (int seed = 0; seed < 40; seed++)
        {
            using var memory = new MemoryStream();
            await RandomTable.Write(memory, new Random(seed));
            tables.Add(memory.ToArray());
        }
        int refused = 0;
        for (int seed = 0; seed < 1600; seed++) refused += IsRefused(folder.File("t.parquet"), Damage(tables[seed % tables.Count], new Random(seed))) ? 1 : 0;
        Assert.InRange(refused, 500, 1600);
    }

    private static byte[] Damage(byte[] table, Random random)
    {
        if (random.Next(3) == 0) return table[..random.Next(table.Length)];
        byte[] damaged = [.. table];
        for (int i = random.Next(1, 4); i > 0; i--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
        return damaged;
    }

    private static bool IsRefused(string path, byte[] table)
    {
        File.WriteAllBytes(path, table);
        try
        {
            foreach (SourceRecord record in new ParquetSource(path, new FieldNames(), Table.Rows).Read()) Table.Outcome(record.Parse);
            return false;
        }
        catch (ParScaleException e)
        {
            Assert.Equal("TD-11", e.Code);
            return true;
        }
    }
}
