using System.Runtime.InteropServices;

namespace ParScale.Cli.Terminals;

/// <summary>
/// While it lives, Ctrl+C stops the work that runs under it and never the process, however often it is pressed. When nothing runs, the
/// signal comes from elsewhere: the terminal is put back as it was, and the process ends as the system has it.
/// </summary>
internal sealed class AnswerInterrupt : IDisposable
{
    private readonly CancellationToken _outer;
    private readonly PosixSignalRegistration _registration;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _running;

    public AnswerInterrupt(Action restoreTerminal, CancellationToken outer)
    {
        _outer = outer;
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            lock (_gate)
            {
                signal.Cancel = _running is not null;
                _running?.Cancel();
            }
            if (!signal.Cancel) restoreTerminal();
        });
    }

    /// <summary>Runs work that Ctrl+C stops.</summary>
    public T Run<T>(Func<CancellationToken, T> work)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(_outer);
        lock (_gate) _running = source;
        try
        {
            return work(source.Token);
        }
        finally
        {
            lock (_gate) _running = null;
        }
    }

    public void Dispose() => _registration.Dispose();
}
