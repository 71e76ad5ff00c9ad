using ParScale.Kernels.Formats;

namespace ParScale.Model;

/// <summary>
/// Runs passes of sequences with their stream sets over one backbone, and gives logits of chosen tokens; whatever is between stays where it
/// computes. Passes are run by one thread at a time; sets are added, and caches made, copied and freed, from any.
/// </summary>
internal interface IForwardPass : IDisposable
{
    /// <summary>Bytes of a memory of its own that are left for keys and values; null where it has that of the machine.</summary>
    long? MemoryLeft { get; }

    /// <summary>Bytes of keys and values that one cache may have, whatever memory is left; a device's driver may set a limit.</summary>
    long MostCacheBytes => long.MaxValue;

    /// <summary>Makes a set ready to run.</summary>
    /// <exception cref="ParScaleException">It cannot run with this set, or has no memory for it.</exception>
    void Add(StreamSet set);

    /// <summary>Bytes of keys and values of a number of tokens.</summary>
    long CacheBytes(StreamSet set, KvDtype type, int tokens);

    /// <summary>Room for a sequence of so many tokens.</summary>
    /// <exception cref="ParScaleException">A device has no memory for it; on the CPU it is an <see cref="OutOfMemoryException"/>.</exception>
    KeyValues NewCache(StreamSet set, KvDtype type, int tokens);

    /// <summary>
    /// The next tokens [T] of the sequences, those of each together; keys and values go into the caches. Returns W, the number of tokens whose
    /// logits are wanted.
    /// </summary>
    /// <exception cref="ArgumentException">The sequences do not have T tokens together, are too many, or a cache has no room.</exception>
    int Run(ReadOnlySpan<int> tokens, scoped ReadOnlySpan<PassSequence> sequences);

    /// <summary>
    /// The logits [count, V] of wanted tokens of the last <see cref="Run"/>, at most <see cref="ForwardPass.MostLogits"/>. Overwritten by the next call.
    /// </summary>
    ReadOnlySpan<float> Logits(int first, int count);

    /// <summary>
    /// The likeliest tokens after a wanted one of the last <see cref="Run"/>, where it chose them: for all wanted tokens or for none. It may only where they
    /// do for all who want logits (<see cref="PassSequence.LikeliestDo"/>), and does where that pays.
    /// </summary>
    Likeliest LikeliestOf(int token);

    /// <summary>
    /// What each stream contributed to a wanted token of the last <see cref="Run"/>: [P], with a sum of 1. <paramref name="row"/> counts P
    /// for every wanted token before it, whichever streams ran. Valid until the next pass, for sets of more than one stream.
    /// </summary>
    ReadOnlySpan<float> StreamWeights(int row, int streams);
}
