using ParScale.Training.Commands;

namespace ParScale.Training.Tests.Commands;

public sealed class ErrorReportTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_unforeseen_exception_is_exit_1_and_its_trace_comes_with_debug(bool debug)
    {
        (int exitCode, string[] lines) = Report(new InvalidOperationException("no such thing"), debug);
        Assert.Equal(1, exitCode);
        Assert.Equal("parscale-train: error TR-00: a bug of ours, please report it with --debug: no such thing", lines[^1]);
        Assert.Equal(debug, lines[0].StartsWith("System.InvalidOperationException", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_refusing_disk_is_exit_4(bool debug)
    {
        (int exitCode, string[] lines) = Report(new IOException("disk full"), debug);
        Assert.Equal(4, exitCode);
        Assert.StartsWith("parscale-train: error TR-17: disk full", lines[^1], StringComparison.Ordinal);
        Assert.Equal(debug, lines.Length > 1);
    }

    [Fact]
    public void A_message_is_one_line_that_cannot_steer_the_terminal()
    {
        (int exitCode, string[] lines) = Report(ParScaleException.Usage("TR-10", "a\nb\u001b[2Jc\u0007"), debug: false);
        Assert.Equal(2, exitCode);
        Assert.Equal(["parscale-train: error TR-10: a b\\u001b[2Jc\\u0007"], lines);
    }

    private static (int ExitCode, string[] Lines) Report(Exception problem, bool debug)
    {
        var output = new StringWriter { NewLine = "\n" };
        int exitCode = ErrorReport.Write(output, problem, debug);
        return (exitCode, output.ToString().TrimEnd('\n').Split('\n'));
    }
}
