using System.Runtime.InteropServices;

namespace ParScale.Cli.Terminals;

/// <summary>
/// While it lives, the first Ctrl+C cancels <see cref="Token"/> instead of ending the process; the second one ends it.
/// Created only around work that observes the token.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration _registration;
    private readonly Lock _gate = new();
    private bool _disposed;

    public Interrupt(CancellationToken outer)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            lock (_gate)
            {
                // A signal may still be under way when the work has ended.
                if (_disposed) return;
                signal.Cancel = !_source.IsCancellationRequested;
                _source.Cancel();
            }
        });
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _registration.Dispose();
        lock (_gate)
        {
            _disposed = true;
            _source.Dispose();
        }
    }
}
