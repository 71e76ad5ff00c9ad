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
    public void Models_of_a_sweep_are_chosen_by_name_and_not_averaged()
    {
        const string Runs = "n,p,seed,model,loss\n1e8,1,1,plain,3\n1e9,1,1,large,2.5\n1e8,2,1,p2,2.9\n1e9,2,1,large2,2.4\n1e8,2,1,other,2.8\n1e8,2,2,p2,2.7\n";
        LossTableException problem = Assert.Throws<LossTableException>(() => Parse(Runs));
        Assert.Equal("LW-05", problem.Code);
        Assert.Contains("in the models p2 and other", problem.Message, StringComparison.Ordinal);
        LossTable table = LossTable.Parse(new StringReader(Runs), "t", models: ["plain", "p2", "large", "large2"]);
        Assert.Equal([(1e8, 1, 3), (1e9, 1, 2.5), (1e8, 2, 2.8), (1e9, 2, 2.4)], table.Points.Select(at => (at.N, at.P, Math.Round(at.Loss, 12))));
        problem = Assert.Throws<LossTableException>(() => LossTable.Parse(new StringReader(Runs), "t", models: ["plain", "p3"]));
        Assert.Equal("LW-02", problem.Code);
        Assert.Contains("\"p3\" (found: plain, large, p2, large2, other)", problem.Message, StringComparison.Ordinal);
        Assert.Equal("LW-02", Assert.Throws<LossTableException>(() => LossTable.Parse(new StringReader("n,p,loss\n1,1,1\n"), "t", models: ["a"])).Code);
    }

    private const string Sweep = """
        name,n,p,loss,seed,elastic,elastic_n,stream_kind,settings
        plain-s1,1000,1,3.0,1,,,plain,a
        plain-s2,1000,1,3.2,2,,,plain,a
        wide,1500,1,2.9,1,,,plain,b
        p2,1200,2,2.8,1,,,ordinary,c
        p4,1400,4,2.7,1,,,ordinary,d
        elastic-s1,1400,4,2.6,1,1:2.95 2:2.75 4:2.6,1:1000 2:1200 4:1400,elastic,e
        elastic-s2,1400,4,2.8,2,1:2.97 2:2.85 4:2.8,1:1000 2:1200 4:1400,elastic,e
        elastic-wide,1900,4,2.5,1,1:2.85 2:2.65 4:2.5,1:1500 2:1700 4:1900,elastic,f
        anchored-p2,1150,2,2.85,1,,,anchored,g
        anchored-p4,1350,4,2.81,1,,,anchored,h
        """;

    [Fact]
    public void Each_kind_of_streams_is_taken_by_itself()
    {
        (double, int, double)[] Points(StreamKind kind) => [.. LossTable.Parse(new StringReader(Sweep), "sweep", kind).Points.Select(at => (at.N, at.P, Math.Round(at.Loss, 9)))];
        Assert.Equal([(1000, 1, 3.1), (1500, 1, 2.9), (1200, 2, 2.8), (1400, 4, 2.7)], Points(StreamKind.Ordinary));
        Assert.Equal([(1000, 1, 3.1), (1500, 1, 2.9), (1150, 2, 2.85), (1350, 4, 2.81)], Points(StreamKind.Anchored));
        Assert.Equal([(1000, 1, 2.96), (1200, 2, 2.8), (1400, 4, 2.7), (1500, 1, 2.85), (1700, 2, 2.65), (1900, 4, 2.5)], Points(StreamKind.Elastic));
        LossTable Parsed(StreamKind kind) => LossTable.Parse(new StringReader(Sweep), "sweep", kind);
        Assert.Equal(["left out: 3 rows of elastic streams, 2 rows of anchored streams; each kind of streams has a law of its own"], Parsed(StreamKind.Ordinary).Notes);
        Assert.Contains("3 rows of plain models, 2 rows of ordinary streams", Assert.Single(Parsed(StreamKind.Elastic).Notes), StringComparison.Ordinal);
        Assert.Equal(Parsed(StreamKind.Elastic).Notes[0], LawFit.Of(Parsed(StreamKind.Elastic)).Notes[0]);
        Assert.Empty(LossTable.StackV2Python.Notes);
    }

    [Fact]
    public void Rows_of_an_older_table_tell_their_kind_by_their_losses()
    {
        // No stream_kind: elastic rows have losses for each P. Without their sizes they cannot be points.
        string older = string.Join('\n', Sweep.Split('\n').Where(line => !line.StartsWith("anchored", StringComparison.Ordinal)).Select(line => line.Split(',')).Select(cells => string.Join(',', cells[..6])));
        LossTable ordinary = Parse(older);
        Assert.Equal(4, ordinary.Points.Count);
        Assert.Contains("3 rows of elastic streams", Assert.Single(ordinary.Notes), StringComparison.Ordinal);
        LossTableException problem = Assert.Throws<LossTableException>(() => LossTable.Parse(new StringReader(older), "sweep", StreamKind.Elastic));
        Assert.Equal(("LW-02", 7), (problem.Code, problem.Line));
    }

    [Theory]
    [InlineData("anchored,g", "helpers,g", "LW-03", 10)]
    [InlineData("1:1000 2:1200 4:1400,elastic,e", "1:1000 4:1400,elastic,e", "LW-03", 7)]
    [InlineData("1:2.85 2:2.65 4:2.5", "1=2.85 2=2.65", "LW-03", 9)]
    public void What_a_row_says_of_its_streams_is_read_strictly(string from, string to, string code, int line)
    {
        int at = Sweep.IndexOf(from, StringComparison.Ordinal);
        string text = $"{Sweep[..at]}{to}{Sweep[(at + from.Length)..]}";
        LossTableException problem = Assert.Throws<LossTableException>(() => LossTable.Parse(new StringReader(text), "sweep", StreamKind.Elastic));
        Assert.Equal((code, line), (problem.Code, problem.Line));
    }

    [Fact]
    public void Too_few_rows_of_a_kind_say_what_was_left_out()
    {
        string text = Sweep[..Sweep.IndexOf("p2,", StringComparison.Ordinal)] + Sweep[Sweep.IndexOf("elastic-s1", StringComparison.Ordinal)..];
        LossTableException problem = Assert.Throws<LossTableException>(() => Parse(text));
        Assert.Equal("LW-06", problem.Code);
        Assert.Contains("left out: 3 rows of elastic streams, 2 rows of anchored streams", problem.Message, StringComparison.Ordinal);
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
