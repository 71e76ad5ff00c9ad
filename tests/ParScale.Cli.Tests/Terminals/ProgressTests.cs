using ParScale.Cli.Terminals;

namespace ParScale.Cli.Tests.Terminals;

public class ProgressTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Silent_without_a_terminal_or_when_quiet(bool canRedraw, bool quiet) => Assert.Equal("", Run(canRedraw, quiet));

    [Fact]
    public void Drawn_line_is_removed_at_the_end()
    {
        string drawn = Run(canRedraw: true, quiet: false);
        Assert.Contains("scored 50 of 100 tokens (50 %)", drawn, StringComparison.Ordinal);
        Assert.EndsWith("\r\u001b[K", drawn, StringComparison.Ordinal);
    }

    private static string Run(bool canRedraw, bool quiet)
    {
        var error = new StringWriter();
        var terminal = new Terminal { In = null, Out = TextWriter.Null, Error = error, CanRedraw = canRedraw, Quiet = quiet };
        using (var progress = new Progress(terminal, "scored", 100))
        {
            progress.Report(1);
            Thread.Sleep(TimeSpan.FromMilliseconds(1050));
            progress.Report(50);
        }
        return error.ToString();
    }
}
