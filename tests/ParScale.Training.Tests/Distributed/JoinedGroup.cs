using ParScale.Training.Distributed;

namespace ParScale.Training.Tests.Distributed;

/// <summary>The processes that run the tests together; the one process that does, when it is alone.</summary>
public sealed class JoinedGroup : IDisposable
{
    internal ProcessGroup Group { get; } = ProcessGroup.Join();

    public void Dispose() => Group.Leave();
}
