using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Sources;
using Parquet;
using Parquet.Schema;

namespace ParScale.Training.Tests.Data.Sources;

public sealed class ParquetSourceTests
{
    [Fact]
    public async Task Texts_come_row_by_row_over_all_groups()
    {
        using var folder = new TempFolder();
        var text = new DataField<string>("text");
        var other = new DataField<int>("n");
        await Write(folder.File("a.parquet"), new ParquetSchema(other, text), 3, async (group, index) =>
        {
            await group.WriteAsync<int>(other, new[] { 1, 2 });
            await group.WriteAsync(text, new[] { $"first of {index} é", index == 1 ? null! : "second" });
        });
        SourceRecord[] rows = [.. Source(folder.File("a.parquet")).Read()];
        Assert.Equal(6, rows.Length);
        Assert.Equal("first of 2 é", rows[4].Parse().Segments[0].Text);
        var error = Assert.Throws<ParScaleException>(rows[3].Parse);
        Assert.Equal("TD-03", error.Code);
        Assert.Contains("a.parquet\": row 4: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_stay_with_their_questions_where_cells_are_null()
    {
        using var folder = new TempFolder();
        (DataField prompt, DataField completion) = (new DataField<string>("prompt"), new DataField<string>("completion"));
        await Write(folder.File("a.parquet"), new ParquetSchema(prompt, completion), 1, async (group, _) =>
        {
            await group.WriteAsync(prompt, new[] { "1+1=", null!, "3+3=", "4+4=" });
            await group.WriteAsync(completion, new[] { "2", "lost", null!, "8" });
        });
        SourceRecord[] rows = [.. Source(folder.File("a.parquet")).Read()];
        Assert.Equal([new Segment("1+1=", false), new Segment("2", true)], rows[0].Parse().Segments);
        Assert.Equal([new Segment("4+4=", false), new Segment("8", true)], rows[3].Parse().Segments);
        foreach (int bad in (int[])[1, 2]) Assert.Equal("TD-03", Assert.Throws<ParScaleException>(rows[bad].Parse).Code);
    }

    [Fact]
    public async Task Bytes_without_a_type_are_checked()
    {
        using var folder = new TempFolder();
        (DataField prompt, DataField completion) = (new DataField<byte[]>("prompt"), new DataField<byte[]>("completion"));
        await Write(folder.File("a.parquet"), new ParquetSchema(prompt, completion), 1, async (group, _) =>
        {
            await group.WriteAsync(prompt, new[] { "q"u8.ToArray(), [0xFF] });
            await group.WriteAsync(completion, new[] { "ä"u8.ToArray(), "b"u8.ToArray() });
        });
        SourceRecord[] rows = [.. Source(folder.File("a.parquet")).Read()];
        Assert.Equal([new Segment("q", false), new Segment("ä", true)], rows[0].Parse().Segments);
        Assert.Equal("TD-04", Assert.Throws<ParScaleException>(rows[1].Parse).Code);
    }

    [Fact]
    public async Task Lists_of_messages_are_chats()
    {
        using var folder = new TempFolder();
        (DataField role, DataField content) = (new DataField<string>("role"), new DataField<string>("content"));
        var schema = new ParquetSchema(new ListField("messages", new StructField("element", content, role)));
        await Write(folder.File("a.parquet"), schema, 1, async (group, _) =>
        {
            int[] levels = [0, 1, 1, 0, 1];
            await group.WriteAsync(content, ["s", "q", "a", "q2", "a2"], levels);
            await group.WriteAsync(role, ["system", "user", "assistant", "user", "assistant"], levels);
        });
        SourceRecord[] rows = [.. Source(folder.File("a.parquet")).Read()];
        Assert.Equal(2, rows.Length);
        Assert.Equal("<|im_start|>user\nq2<|im_end|>\n<|im_start|>assistant\na2<|im_end|>\n", string.Concat(rows[1].Parse().Segments.Select(s => s.Text)));
        Assert.Equal(["a<|im_end|>"], rows[0].Parse().Segments.Where(s => s.Learned).Select(s => s.Text));
    }

    [Fact]
    public async Task Files_that_are_none_and_tables_without_the_column_are_refused()
    {
        using var folder = new TempFolder();
        var number = new DataField<int>("text");
        await Write(folder.File("number.parquet"), new ParquetSchema(number), 1, (group, _) => group.WriteAsync<int>(number, new[] { 1 }));
        var text = new DataField<string>("content");
        await Write(folder.File("other.parquet"), new ParquetSchema(text), 1, (group, _) => group.WriteAsync(text, new[] { "a" }));
        File.WriteAllText(folder.File("none.parquet"), "PAR1 but no more than that PAR1");
        byte[] cut = File.ReadAllBytes(folder.File("other.parquet"));
        File.WriteAllBytes(folder.File("cut.parquet"), cut[..^1]);
        for (int at = 4; at < cut.Length - 8; at++) cut[at] ^= 0x55;
        File.WriteAllBytes(folder.File("noise.parquet"), cut);
        foreach (string name in (string[])["number", "other", "none", "cut", "noise"])
        {
            var error = Assert.Throws<ParScaleException>(() => Source(folder.File($"{name}.parquet")).Read().Count());
            Assert.Equal("TD-11", error.Code);
        }
    }

    private static ParquetSource Source(string path) => new(path, new FieldNames(), new JsonRow(new FieldNames(), ChatRenderer.ChatMl));

    private static async Task Write(string path, ParquetSchema schema, int groups, Func<ParquetRowGroupWriter, int, Task> fill)
    {
        await using FileStream stream = File.Create(path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, stream);
        for (int index = 0; index < groups; index++)
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await fill(group, index);
        }
    }
}
