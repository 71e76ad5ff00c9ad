namespace ParScale.Tests;

public class ErrorReportTests
{
    public static TheoryData<Exception, int, string> Kinds => new()
    {
        { ParScaleException.Usage("CL-02", "no"), 2, "CL-02" },
        { ParScaleException.BadInput("ST-16", "a.safetensors", "no"), 3, "ST-16" },
        { ParScaleException.BadInput("ST-29", "a.safetensors", "no", new IOException("disk")), 3, "ST-29" },
        { new IOException("disk"), 4, "IO-01" },
        { new UnauthorizedAccessException("no"), 4, "IO-01" },
        { new ParScaleException(ErrorKind.NotEnoughMemory, "CF-06", "no"), 7, "CF-06" },
        { new InsufficientMemoryException(), 7, "MEM-01" },
        { new AggregateException(new IOException("disk")), 4, "IO-01" },
        { new TaskSchedulerException(new InsufficientMemoryException()), 7, "MEM-01" },
        { new InvalidOperationException("two\nlines"), 1, "BUG-01" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_has_its_exit_code_and_one_line_without_names_of_types(Exception problem, int exit, string code)
    {
        (int actual, string text) = ErrorReport.Describe("tool", problem, debug: false);
        Assert.Equal(exit, actual);
        Assert.StartsWith($"tool: error {code}: ", text, StringComparison.Ordinal);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Equal(1, text.Count(c => c == '\n'));
        Assert.DoesNotContain("Exception", text.Replace(problem.Message, "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Debug_adds_the_trace_after_the_line()
    {
        var problem = new InvalidOperationException("no such thing");
        (_, string line) = ErrorReport.Describe("tool", problem, debug: false);
        (_, string traced) = ErrorReport.Describe("tool", problem, debug: true);
        Assert.Equal("tool: error BUG-01: an internal error, please report what --debug prints: no such thing\n", line);
        Assert.Equal($"{line}System.InvalidOperationException: no such thing\n", traced);
    }

    [Fact]
    public void A_message_is_one_line_that_cannot_steer_the_terminal() => Assert.Equal(
        (2, "tool: error TR-10: a b\\u001b[2Jc\\u0007\n"),
        ErrorReport.Describe("tool", ParScaleException.Usage("TR-10", "a\nb\u001b[2Jc\u0007"), debug: false));

    [Fact]
    public void Closed_pipe_and_cancellation_say_nothing()
    {
        const int brokenPipe = 32;
        Assert.Equal((0, ""), ErrorReport.Describe("tool", new IOException("Broken pipe", brokenPipe), debug: true));
        Assert.Equal((130, ""), ErrorReport.Describe("tool", new OperationCanceledException(), debug: false));
    }
}
