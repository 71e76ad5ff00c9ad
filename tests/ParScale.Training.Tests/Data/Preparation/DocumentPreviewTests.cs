using System.Text.Json;
using ParScale.Training.Commands;
using ParScale.Training.Data.Preparation;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Tests.Data.Preparation;

public sealed class DocumentPreviewTests
{
    [Fact]
    public void The_command_prints_documents_and_what_is_learned_of_them_and_writes_nothing()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        File.WriteAllLines(folder.File("a.jsonl"),
        [
            """{"text":"the \"king\"\u0007"}""", """{"prompt":"2+2=","completion":"4"}""",
            """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"x","weight":0},{"role":"assistant","content":"Yes"}]}""",
            """{"text":"not shown"}""",
        ]);
        string[] before = Directory.GetFileSystemEntries(folder.Path);
        (int exit, string output, _) = Trained.Run("data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer, "--preview", "3");
        Assert.Equal(0, exit);
        Assert.Equal(before, Directory.GetFileSystemEntries(folder.Path));
        (string Text, string[] Learned)[] documents = [.. output.TrimEnd('\n').Split('\n').Select(Read)];
        Assert.Equal(3, documents.Length);
        Assert.Equal("the \"king\"\u0007<|endoftext|>", documents[0].Text);
        Assert.Equal(["the \"king\"\u0007<|endoftext|>"], documents[0].Learned);
        Assert.Equal("2+2=4<|endoftext|>", documents[1].Text);
        Assert.Equal(["4<|endoftext|>"], documents[1].Learned);
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nx<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>\n", documents[2].Text);
        Assert.Equal(["Yes<|im_end|>"], documents[2].Learned);
    }

    [Fact]
    public void Pieces_of_a_long_document_are_one()
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        string text = string.Concat(Enumerable.Repeat("the king of the night\n", 200_000));
        File.WriteAllText(folder.File("long.txt"), text);
        using var output = new StringWriter();
        new DataPreparation(Options(folder, "long.txt")).Preview(5, output, inColour: false);
        Assert.Equal(text + "<|endoftext|>", Read(output.ToString()).Text);
    }

    [Fact]
    public void Learned_parts_are_green_where_a_terminal_looks()
    {
        var document = new Document([new Segment("a\u001b[31m", false), new Segment("b", true)]);
        Assert.Equal("{\"text\":\"a\\u001B[31m\u001b[32mb<|endoftext|>\u001b[39m\",\"learned\":[\"b<|endoftext|>\"]}",
            new DocumentPreview("<|endoftext|>", inColour: true).Add(document));
    }

    [Fact]
    public void Bad_rows_stop_it_or_are_named_and_none_at_all_is_told()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        File.WriteAllText(folder.File("a.jsonl"), "oops\n{\"text\":\"a\"}\n");
        File.WriteAllText(folder.File("none.jsonl"), "oops\n");
        Assert.Equal("TD-02", Assert.Throws<ParScaleException>(() => new DataPreparation(Options(folder, "a.jsonl")).Preview(1, TextWriter.Null, false)).Code);
        using var output = new StringWriter();
        new DataPreparation(Options(folder, "a.jsonl") with { SkipBad = true }).Preview(1, output, false);
        Assert.StartsWith("{\"text\":\"a<|", output.ToString(), StringComparison.Ordinal);
        Assert.Equal("TD-06", Assert.Throws<ParScaleException>(() => new DataPreparation(Options(folder, "none.jsonl") with { SkipBad = true }).Preview(1, TextWriter.Null, false)).Code);
        Assert.Equal(2, CommandLine.Run(["data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer, "--preview", "0"]));
        Assert.Equal(2, CommandLine.Run(["data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer]));
    }

    private static PreparationOptions Options(TempFolder folder, string file) =>
        new() { Data = [folder.File(file)], TokenizerFolder = folder.File("tokenizer"), Output = "", Preview = 1 };

    private static (string Text, string[] Learned) Read(string line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        Assert.Equal(["text", "learned"], json.RootElement.EnumerateObject().Select(field => field.Name));
        return (json.RootElement.GetProperty("text").GetString()!, [.. json.RootElement.GetProperty("learned").EnumerateArray().Select(part => part.GetString()!)]);
    }
}
