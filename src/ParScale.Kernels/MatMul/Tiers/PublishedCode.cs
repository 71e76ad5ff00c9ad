using System.Runtime.CompilerServices;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>Addresses of generated machine code by number, each written when it is first needed. Any thread may ask.</summary>
internal sealed unsafe class PublishedCode(int count)
{
    private readonly nint[] _addresses = new nint[count];
    private readonly Lock _writing = new();

    /// <summary>The address of the code of a number; <paramref name="write"/> makes it of <paramref name="state"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nint Get<TState>(int index, TState state, Func<TState, byte[]> write)
    {
        nint address = Volatile.Read(ref _addresses[index]);
        return address != 0 ? address : Publish(index, state, write);
    }

    private nint Publish<TState>(int index, TState state, Func<TState, byte[]> write)
    {
        lock (_writing)
        {
            if (_addresses[index] != 0) return _addresses[index];
            void* code = ExecutableMemory.Publish(write(state));
            if (code == null) throw new InvalidOperationException("the system let this process publish code before and refuses it now");
            Volatile.Write(ref _addresses[index], (nint)code);
            return (nint)code;
        }
    }
}
