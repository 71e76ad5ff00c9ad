using System.Text;
using ParScale.Text;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Tests.Data.Sources;

public sealed class TextBlocksTests
{
    [Fact]
    public void Blocks_have_the_tokens_of_the_whole()
    {
        using var folder = new TempFolder();
        string text = "\uFEFF" + string.Concat(Enumerable.Repeat(Samples.Text(3000) + "\n\n  \n\u00A0x\r\n", 120));
        Samples.Inputs(folder);
        Tokenizer tokenizer = Tokenizer.Load(folder.File("tokenizer"));
        TextBlock[] blocks = [.. TextBlocks.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "x.txt")];
        Assert.True(blocks.Length > 2);
        Assert.Equal(tokenizer.Encode(text.TrimStart('\uFEFF')), blocks.SelectMany(block => tokenizer.Encode(Encoding.UTF8.GetString(block.Bytes))));
        Assert.Equal([.. Enumerable.Repeat(false, blocks.Length - 1), true], blocks.Select(block => block.Last));
        Assert.Equal(1 + blocks[0].Bytes.Count(b => b == '\n'), blocks[1].Line);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(3 << 20)]
    public void Every_length_comes_whole(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte)(i % 50 == 49 ? '\n' : 'a' + i % 23);
        TextBlock[] blocks = [.. TextBlocks.Read(new MemoryStream(bytes), "x.txt")];
        Assert.Equal(bytes, blocks.SelectMany(block => block.Bytes));
        Assert.True(blocks[^1].Last);
    }

    [Fact]
    public void A_text_without_line_ends_is_refused_at_the_limit()
    {
        using var endless = new MemoryStream(new byte[RowLocation.LongestRow + 1]);
        var error = Assert.Throws<ParScaleException>(() => TextBlocks.Read(endless, "x.txt").Count());
        Assert.Equal("TD-05", error.Code);
    }
}
