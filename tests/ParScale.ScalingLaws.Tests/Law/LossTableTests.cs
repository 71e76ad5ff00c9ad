using ParScale.ScalingLaws.Law;

namespace ParScale.ScalingLaws.Tests.Law;

public class LossTableTests
{
    private const string Good = "n,p,loss\n1e8,1,3\n1e9,1,2.5\n1e10,1,2.2\n1e9,4,2.4\n";

    [Fact]
    public void The_published_tables_hold_24_points_each()
    {
        // Hidden sizes of the six shapes; 36 layers, 2 key-value heads of hidden/16, 48 prefix slots.
        long[] hidden = [896, 1024, 1280, 1536, 2048, 2560];
        foreach (LossTable table in new[] { LossTable.StackV2Python, LossTable.Pile })
        {
            Assert.Equal(24, table.Points.Count);
            Assert.Equal(8, table.MostStreams);
            for (int i = 0; i < 24; i++)
            {
                (long h, int p) = (hidden[i % 6], table.Points[i].P);
                long streams = p == 1 ? 0 : (p * 2L * 2 * 48 * (h / 16) * 36) + (p * h * h) + h + (h * p) + p;
                Assert.Equal(table.Points[i % 6].N + streams, table.Points[i].N);
            }
        }
        Assert.Equal(1.0383, LossTable.StackV2Python.Points.Single(point => point is { P: 8, N: 1595669000 }).Loss);
    }

    [Theory]
    [InlineData("n,p,loss,seconds,name\n1e8,1,3,7,\"a, b\"\n1e9,1,2.5,,\"say \"\"c\"\"\"\n1e10,1,2.2,x,y\n1e9,4,2.4,,\n")]
    [InlineData("\r\n# by a sweep\r\nP, LOSS ,N\r\n1,3,100M\r\n1,2.5,1B\r\n\r\n1,2.2,10 b\r\n4,2.4,1000000k")]
    public void Other_columns_orders_and_units_do_not_matter(string text) =>
        Assert.Equal(Parse(Good).Points, Parse(text).Points);

    [Theory]
    [InlineData("", "LW-02", null)]
    [InlineData("# nothing but talk\n", "LW-02", null)]
    [InlineData("n,p\n1e9,1\n", "LW-02", 1)]
    [InlineData("n;p;loss\n1e9;1;2.5\n", "LW-02", 1)]
    [InlineData("n,p,loss,P\n1e9,1,2.5,1\n", "LW-02", 1)]
    [InlineData("n,p,loss\n1e8,1,3\nmany,1,2.5\n", "LW-03", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1.6Q,1,2.5\n", "LW-03", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,one,2.5\n", "LW-03", 3)]
    [InlineData("n,p,loss\n1e8,1,\n", "LW-03", 2)]
    [InlineData("n,p,loss\n1e8,1,3\n0,1,2.5\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n-1B,1,2.5\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,0,2.5\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,-2,2.5\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1.5,2.5\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,NaN,2.5\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1e30,2.5\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,0\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,-2.5\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,NaN\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,inf\n1e10,1,2\n1e9,2,2\n", "LW-03", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,Infinity\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\nInfinity,1,2.5\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e999,1,2.5\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e300,1,2.5\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,3e200\n1e10,1,2\n1e9,2,2\n", "LW-04", 3)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,2.5\n1e10,1,2\n1e9,2,2\n1B,1,2.6\n", "LW-05", 6)]
    [InlineData("n,p,loss\n", "LW-06", null)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1,2.5\n1e9,2,2.4\n", "LW-06", null)]
    [InlineData("n,p,loss\n1e8,2,3\n1e9,2,2.5\n1e10,2,2\n1e11,2,1.8\n", "LW-06", null)]
    [InlineData("n,p,loss\n1e9,1,3\n1e9,2,2.5\n1e9,4,2\n1e9,8,1.8\n", "LW-06", null)]
    [InlineData("n,p,loss\n1e8,1,3\n1e9,1\n", "LW-07", 3)]
    [InlineData("n,p,loss\n1e8,1,3,0\n", "LW-07", 2)]
    [InlineData("n,p,loss\n1e8,1,\"3\n", "LW-07", 2)]
    public void Bad_tables_are_refused_with_the_line(string text, string code, int? line)
    {
        LossTableException problem = Assert.Throws<LossTableException>(() => Parse(text));
        Assert.Equal((code, line), (problem.Code, problem.Line));
        Assert.DoesNotContain('\n', problem.Message);
        if (line is not null) Assert.StartsWith($"line {line}: ", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_that_differ_in_their_seed_count_as_their_mean()
    {
        const string Runs = "n,p,seed,loss\n1e8,1,1,3\n1e8,1,2,3.2\n1e9,1,1,2.5\n1e9,2,1,2.4\n1e8,2,1,2.9\n";
        LossTable table = Parse(Runs);
        Assert.Equal([(1e8, 1, 3.1), (1e9, 1, 2.5), (1e9, 2, 2.4), (1e8, 2, 2.9)], table.Points.Select(at => (at.N, at.P, Math.Round(at.Loss, 12))));
        foreach (string twice in (string[])["1e9,2,1,2.3\n", "1e9,2,,2.3\n"])
            Assert.Equal(("LW-05", 7), (Assert.Throws<LossTableException>(() => Parse(Runs + twice)) is var problem ? (problem.Code, problem.Line) : default));
    }

    [Fact]
    public void Duplicates_name_both_lines()
    {
        LossTableException problem = Assert.Throws<LossTableException>(() => Parse(Good + "# again\n1e9,4,2.3\n"));
        Assert.Contains("as line 5;", problem.Message, StringComparison.Ordinal);
        Assert.Equal(7, problem.Line);
    }

    [Fact]
    public void A_line_or_a_table_without_end_is_refused()
    {
        Assert.Equal("LW-07", Assert.Throws<LossTableException>(() => Parse(new string('x', 100_000))).Code);
        string many = "n,p,loss\n" + string.Concat(Enumerable.Range(1, LossTable.MostPoints + 1).Select(n => $"{n},1,3\n"));
        Assert.Equal("LW-06", Assert.Throws<LossTableException>(() => Parse(many)).Code);
    }

    [Fact]
    public void Points_from_code_are_checked_too()
    {
        LossPoint[] points = [.. Parse(Good).Points];
        Assert.Equal("LW-04", Assert.Throws<LossTableException>(() => new LossTable("", [.. points, new(1e9, 0, 2)])).Code);
        Assert.Equal("LW-05", Assert.Throws<LossTableException>(() => new LossTable("", [.. points, points[0]])).Code);
    }

    private static LossTable Parse(string text) => LossTable.Parse(new StringReader(text), "test");
}
