using System.Text;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Tests.Data.Sources;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a", "a")]
    [InlineData("a\n", "a")]
    [InlineData("a\r\nb", "a|b")]
    [InlineData("\uFEFFa\n\n\nb\n", "a|||b")]
    [InlineData("\n", "")]
    public void Line_ends_and_marks_belong_to_no_line(string text, string lines)
    {
        SourceLine[] read = [.. Read(text)];
        Assert.Equal(lines, string.Join('|', read.Select(line => Encoding.UTF8.GetString(line.Bytes!))));
        Assert.Equal(Encoding.UTF8.GetByteCount(text), read.Sum(line => line.Length));
        Assert.Equal(Enumerable.Range(1, read.Length).Select(i => (long)i), read.Select(line => line.Number));
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(11, true)]
    [InlineData(900_000, true)]
    public void A_line_over_the_limit_is_passed_over(int length, bool tooLong)
    {
        SourceLine[] read = [.. Read(new string('x', length) + "\nnext", limit: 10)];
        Assert.Equal(tooLong, read[0].Bytes is null);
        Assert.Equal("next"u8.ToArray(), read[1].Bytes);
        Assert.Equal(2, read[1].Number);
    }

    private static IEnumerable<SourceLine> Read(string text, int limit = RowLocation.LongestRow) =>
        new LineReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), limit).Read();
}
