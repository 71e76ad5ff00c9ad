using System.Runtime.InteropServices;
using ParScale.Training.Commands;

namespace ParScale.Training.Runtime;

/// <summary>
/// SIGTERM and Ctrl+C, as a run takes them, and SIGUSR1, which means the same: mpirun forwards it at once, but not SIGTERM. Before there are steps to lose, the first ends the process at once (75); from then on it
/// asks the run to save and end itself. A second Ctrl+C ends at once (130); a second SIGTERM, which schedulers send, changes nothing.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    // SIGUSR1, which has no name in .NET.
    private static readonly PosixSignal[] UserSignals = [(PosixSignal)(OperatingSystem.IsMacOS() ? 30 : 10)];

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _source = new();
    private readonly Action<int> _end;
    private readonly PosixSignalRegistration[] _registrations;

    // Null: there are steps to save.
    private string? _phase = "starting";
    private bool _over;

    private StopSignal(Action<int> end, PosixSignal[] signals)
    {
        _end = end;
        _registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, Take))];
    }

    /// <summary>Cancelled when the run is to save and end.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Takes the signals of this process.</summary>
    public static StopSignal OfProcess() => new(ProcessEnd.Now, [PosixSignal.SIGINT, PosixSignal.SIGTERM, .. OperatingSystem.IsWindows() ? [] : UserSignals]);

    /// <summary>Takes only what <see cref="Raise"/> is given; <paramref name="end"/> stands for the end of the process.</summary>
    public static StopSignal Detached(Action<int> end) => new(end, []);

    /// <summary>The run begins something that is lost without harm, such as "reading the data".</summary>
    public void Enter(string phase)
    {
        lock (_lock) _phase = phase;
    }

    /// <summary>The run begins to make steps: from now on it ends itself.</summary>
    public void Guard()
    {
        lock (_lock) _phase = null;
    }

    /// <summary>
    /// The end of standard input counts as SIGTERM too: a sweep that dies, however it dies, leaves its runs a checkpoint and no trainer
    /// behind.
    /// </summary>
    public void RaiseAtEndOfInput() => new Thread(() =>
    {
        using Stream input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0) { }
        Raise(PosixSignal.SIGTERM);
    })
    { IsBackground = true }.Start();

    /// <summary>What a signal does.</summary>
    public void Raise(PosixSignal signal)
    {
        lock (_lock)
        {
            if (_over) return;
            if (_source.IsCancellationRequested)
            {
                if (signal != PosixSignal.SIGINT) return;
                Console.Error.WriteLine("ended at once; the newest checkpoint is intact");
                _end(ErrorReport.Interrupted);
            }
            else if (_phase is { } phase)
            {
                Console.Error.WriteLine($"stopped while {phase}, before any step: nothing was lost");
                _end(ExitCodes.Stopped);
            }
            else
            {
                Console.Error.WriteLine("stopping: the run is saved first (Ctrl+C ends it at once)");
                _source.Cancel();
            }
        }
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        lock (_lock) _over = true;
        _source.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        context.Cancel = true;
        Raise(context.Signal);
    }
}
