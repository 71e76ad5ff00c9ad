using System.IO.Compression;
using System.Text.Json.Nodes;
using Parquet;
using Parquet.Schema;

namespace ParScale.Training.Tests.Data.Parquet;

/// <summary>A column of a random table: a text, a number, a flag, a list or a struct, each of which may be null.</summary>
internal sealed class RandomColumn(string name, string kind, params RandomColumn[] children)
{
    public string Name => name;

    public RandomColumn[] Children => children;

    /// <summary>The field as Parquet.Net declares it; all are optional there.</summary>
    public Field Field => kind switch
    {
        "list" => new ListField(name, children[0].Field),
        "struct" => new StructField(name, [.. children.Select(child => child.Field)]),
        "whole" => new DataField(name, typeof(int), isNullable: true),
        "number" => new DataField(name, typeof(double), isNullable: true),
        "flag" => new DataField(name, typeof(bool), isNullable: true),
        _ => new DataField(name, typeof(string), isNullable: true),
    };

    public IEnumerable<RandomColumn> Leaves => children.Length == 0 ? [this] : children.SelectMany(child => child.Leaves);

    public JsonNode? Value(Random random, double nulls)
    {
        if (random.NextDouble() < nulls) return null;
        return kind switch
        {
            "list" => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => children[0].Value(random, nulls))]),
            "struct" => new JsonObject(children.Select(child => KeyValuePair.Create(child.Name, child.Value(random, nulls)))),
            "whole" => random.Next(-1000, 1000),
            "number" => random.Next(-4000, 4000) / 8.0,
            "flag" => random.Next(2) == 0,
            _ => random.Next(6) switch { 0 => "", 1 => "assistant", 2 => "user", 3 => "é \"日本\"\n", _ => $"the king of {random.Next(100)}" },
        };
    }
}

/// <summary>
/// A random table as Parquet.Net writes it, from levels that are made here, by the definition: how far a value is there, and where its
/// lists go on.
/// </summary>
internal static class RandomTable
{
    private static readonly CompressionMethod[] Compressions =
        [CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Gzip, CompressionMethod.Brotli, CompressionMethod.Zstd, CompressionMethod.Lz4Raw];

    /// <summary>Writes a table of some row groups; gives its rows.</summary>
    public static async Task<List<JsonNode?>> Write(Stream to, Random random)
    {
        RandomColumn[] columns = Columns(random);
        var schema = new ParquetSchema(columns.Select(column => column.Field));
        var options = new ParquetOptions
        {
            CompressionMethod = Compressions[random.Next(Compressions.Length)],
            CompressionLevel = CompressionLevel.Fastest,
            DictionaryEncodingThreshold = random.NextDouble(),
        };
        if (random.Next(2) == 0)
            foreach (DataField field in schema.GetDataFields().Where(field => field.ClrType == typeof(int))) options.ColumnEncodingHints[field.Path.ToString()] = EncodingHint.DeltaBinaryPacked;
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, to, options);
        var all = new List<JsonNode?>();
        double nulls = random.Next(3) * 0.2;
        for (int groups = random.Next(1, 4); groups > 0; groups--)
        {
            JsonObject[] rows = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => new JsonObject(columns.Select(column => KeyValuePair.Create(column.Name, column.Value(random, nulls)))))];
            all.AddRange(rows);
            var entries = columns.SelectMany(column => column.Leaves).ToDictionary(leaf => leaf, _ => new List<Entry>());
            foreach (JsonObject row in rows)
                foreach (RandomColumn column in columns) Shred(column, row[column.Name], entries, 0, 0, 0);
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            foreach ((DataField field, List<Entry> column) in schema.GetDataFields().Zip(columns.SelectMany(column => column.Leaves), (field, leaf) => (field, entries[leaf])))
                await WriteColumn(group, field, column);
        }
        return all;
    }

    private static RandomColumn[] Columns(Random random)
    {
        return random.Next(6) switch
        {
            0 => [Text("text")],
            1 => [Text("prompt"), Text("completion"), Text("text")],
            2 => [new("prompt", "list", Message(random)), new("completion", "list", Message(random))],
            3 => [new("n", "whole"), Text("text"), new("tools", "list", new RandomColumn("element", "list", new RandomColumn("element", "whole")))],
            4 => [new("functions", "struct", Text("name"), new RandomColumn("inner", "struct", new RandomColumn("n", "number"), new RandomColumn("tags", "list", Text("element")))), Text("text")],
            _ => [new("messages", "list", Message(random)), Text("text")],
        };
    }

    private static RandomColumn Message(Random random) => new("element", "struct", random.Next(3) switch
    {
        0 => [Text("role"), Text("content")],
        1 => [Text("content"), new RandomColumn("weight", random.Next(2) == 0 ? "whole" : "number"), Text("role"), new RandomColumn("train", "flag")],
        _ => [Text("role"), new RandomColumn("content", "list", new RandomColumn("element", "struct", Text("type"), Text("text")))],
    });

    private static RandomColumn Text(string name) => new(name, "text");

    private static void Shred(RandomColumn column, JsonNode? value, Dictionary<RandomColumn, List<Entry>> entries, int definition, int repetition, int lists)
    {
        if (value is null || value is JsonArray { Count: 0 })
        {
            foreach (RandomColumn leaf in column.Leaves) entries[leaf].Add(new Entry(value is null ? definition : definition + 1, repetition, null));
        }
        else if (value is JsonArray list)
        {
            for (int i = 0; i < list.Count; i++) Shred(column.Children[0], list[i], entries, definition + 2, i == 0 ? repetition : lists + 1, lists + 1);
        }
        else if (value is JsonObject fields)
        {
            foreach (RandomColumn child in column.Children) Shred(child, fields[child.Name], entries, definition + 1, repetition, lists);
        }
        else entries[column].Add(new Entry(definition + 1, repetition, value));
    }

    private static Task WriteColumn(ParquetRowGroupWriter group, DataField field, List<Entry> entries)
    {
        ReadOnlyMemory<int> definitions = entries.Select(entry => entry.Definition).ToArray();
        ReadOnlyMemory<int>? repetitions = field.MaxRepetitionLevel > 0 ? entries.Select(entry => entry.Repetition).ToArray() : null;
        IEnumerable<JsonNode> values = entries.Where(entry => entry.Value is not null).Select(entry => entry.Value!);
        if (field.ClrType == typeof(int)) return Write(values.Select(value => value.GetValue<int>()).ToArray());
        if (field.ClrType == typeof(double)) return Write(values.Select(value => value.GetValue<double>()).ToArray());
        if (field.ClrType == typeof(bool)) return Write(values.Select(value => value.GetValue<bool>()).ToArray());
        return Write(values.Select(value => value.GetValue<string>().AsMemory()).ToArray());

        Task Write<T>(T[] present) where T : struct => group.WriteAllPartsAsync<T>(field, present, definitions, repetitions, CancellationToken.None);
    }

    private readonly record struct Entry(int Definition, int Repetition, JsonNode? Value);
}
