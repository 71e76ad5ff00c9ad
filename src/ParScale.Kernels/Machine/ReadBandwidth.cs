using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Machine;

/// <summary>
/// How fast all threads together read memory that no cache holds, as the kernels read weights: each thread from front to back
/// through ranges of its own, 64 bytes at a time. Nothing that reads every weight once per step can be faster.
/// </summary>
internal sealed unsafe class ReadBandwidth : IDisposable
{
    // Ranges begin and end at multiples of this; the loop below takes a quarter of it at a time.
    private const int BlockBytes = 1024;

    // The processor's own prefetching stops at the end of a page; asking a page ahead carries it over.
    private const int Ahead = 4096;

    private readonly AlignedBuffer _buffer;

    /// <summary>Takes and fills a buffer of about <paramref name="bytes"/> bytes; far more than the caches hold, or the figure is theirs.</summary>
    public ReadBandwidth(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, BlockBytes);
        _buffer = new AlignedBuffer(bytes / BlockBytes * BlockBytes);
        // Pages that were never written all read from one page of zeros.
        for (long at = 0; at < _buffer.Length; at += BlockBytes) *(long*)(_buffer.Start + at) = at;
    }

    /// <summary>Reads the whole buffer once. Returns bytes per second.</summary>
    public double Measure(WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        var job = new ReadJob(_buffer.Start);
        long start = Stopwatch.GetTimestamp();
        pool.Run(ref job, checked((int)(_buffer.Length / BlockBytes)), 1);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        GC.KeepAlive(_buffer);
        return _buffer.Length / seconds;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private readonly struct ReadJob(byte* data) : IRangeJob
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            Vector512<long> a = default, b = default, c = default, d = default;
            byte* stop = data + (long)end * BlockBytes;
            for (byte* at = data + (long)start * BlockBytes; at < stop; at += 256)
            {
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(at + Ahead);
                    Sse.Prefetch0(at + Ahead + 64);
                    Sse.Prefetch0(at + Ahead + 128);
                    Sse.Prefetch0(at + Ahead + 192);
                }
                a += Vector512.Load((long*)at);
                b += Vector512.Load((long*)(at + 64));
                c += Vector512.Load((long*)(at + 128));
                d += Vector512.Load((long*)(at + 192));
            }
            Sink.Take(a + b + c + d);
        }
    }
}
