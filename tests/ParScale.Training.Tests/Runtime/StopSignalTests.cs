using System.Runtime.InteropServices;
using ParScale.Training.Runtime;

namespace ParScale.Training.Tests.Runtime;

public sealed class StopSignalTests
{
    [Theory]
    [InlineData(PosixSignal.SIGTERM)]
    [InlineData(PosixSignal.SIGINT)]
    public void Before_any_step_it_ends_the_process(PosixSignal signal)
    {
        var ends = new List<int>();
        using var stop = StopSignal.Detached(ends.Add);
        stop.Enter("reading the data");
        stop.Raise(signal);
        Assert.Equal([75], ends);
        Assert.False(stop.Token.IsCancellationRequested);
    }

    [Fact]
    public void With_steps_to_lose_the_run_ends_itself_and_a_second_interrupt_ends_it_at_once()
    {
        var ends = new List<int>();
        using var stop = StopSignal.Detached(ends.Add);
        stop.Enter("building the model");
        stop.Guard();
        stop.Raise(PosixSignal.SIGINT);
        Assert.True(stop.Token.IsCancellationRequested);
        stop.Raise(PosixSignal.SIGTERM);
        Assert.Empty(ends);
        stop.Raise(PosixSignal.SIGINT);
        Assert.Equal([130], ends);
    }
}
