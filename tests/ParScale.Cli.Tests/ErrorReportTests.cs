using ParScale.Cli.Terminals;

namespace ParScale.Cli.Tests;

public class ErrorReportTests
{
    public static TheoryData<Exception, int, string> Kinds => new()
    {
        { ParScaleException.Usage("CL-02", "no"), 2, "CL-02" },
        { ParScaleException.BadInput("ST-16", "a.safetensors", "no"), 3, "ST-16" },
        { new IOException("disk"), 4, "IO-01" },
        { new UnauthorizedAccessException("no"), 4, "IO-01" },
        { new ParScaleException(ErrorKind.NotEnoughMemory, "CF-06", "no"), 7, "CF-06" },
        { new InsufficientMemoryException(), 7, "MEM-01" },
        { new AggregateException(new IOException("disk")), 4, "IO-01" },
        { new InvalidOperationException("two\nlines"), 1, "BUG-01" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_has_its_exit_code_and_one_line(Exception problem, int exit, string code)
    {
        (int actual, string error) = Report(problem, debug: false);
        Assert.Equal(exit, actual);
        Assert.StartsWith($"parscale: error {code}: ", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public void Our_own_bug_asks_for_debug() =>
        Assert.Contains("--debug", Report(new InvalidOperationException("x"), debug: false).Error, StringComparison.Ordinal);

    [Fact]
    public void Closed_pipe_and_cancellation_say_nothing()
    {
        const int brokenPipe = 32;
        Assert.Equal((0, ""), Report(new IOException("Broken pipe", brokenPipe), debug: true));
        Assert.Equal((130, ""), Report(new OperationCanceledException(), debug: false));
    }

    private static (int Exit, string Error) Report(Exception problem, bool debug)
    {
        var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { In = null, Out = TextWriter.Null, Error = error };
        return (ErrorReport.Write(terminal, problem, debug), error.ToString());
    }
}
