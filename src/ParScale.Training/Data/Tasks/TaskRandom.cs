using ParScale.Generation;

namespace ParScale.Training.Data.Tasks;

/// <summary>Draws that are the same on every system and runtime version.</summary>
internal sealed class TaskRandom(long seed)
{
    // A multiple of the generator's own step would make each seed's draws those of another, some places later.
    private SplitMix64 _random = new(new SplitMix64((ulong)seed ^ 0x7461736B64726177UL).NextUInt64());

    /// <summary>Uniform in 0 .. <paramref name="count"/> - 1, but for less than <paramref name="count"/> / 2^53.</summary>
    public int Below(int count) => (int)(_random.NextDouble() * count);

    /// <summary>The numbers 0 .. <paramref name="count"/> - 1 in random order.</summary>
    public int[] Shuffled(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int other = Below(i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }
        return order;
    }
}
