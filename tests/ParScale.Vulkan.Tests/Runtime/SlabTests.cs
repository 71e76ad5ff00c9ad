using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Runtime;

/// <summary>Pieces of a slab against a map of its bytes.</summary>
public class SlabTests
{
    [Fact]
    public void Pieces_never_overlap_and_come_back_whole()
    {
        var random = new Random(5);
        for (int round = 0; round < 50; round++)
        {
            const int size = 64;
            var slab = new Slab(default, default, Place.Device, size, address: 0, mapped: 0);
            var taken = new List<(long Offset, long Bytes)>();
            var map = new bool[size];
            for (int step = 0; step < 200; step++)
            {
                if (random.Next(2) == 0 || taken.Count == 0)
                {
                    int bytes = random.Next(1, 20);
                    bool fits = Enumerable.Range(0, size - bytes + 1).Any(start => !map.AsSpan(start, bytes).Contains(true));
                    long? offset = slab.Take(bytes);
                    Assert.Equal(fits, offset is not null);
                    if (offset is not { } at) continue;
                    Assert.DoesNotContain(true, map[(int)at..((int)at + bytes)]);
                    map.AsSpan((int)at, bytes).Fill(true);
                    taken.Add((at, bytes));
                }
                else
                {
                    int which = random.Next(taken.Count);
                    (long offset, long bytes) = taken[which];
                    taken.RemoveAt(which);
                    slab.Return(offset, bytes);
                    map.AsSpan((int)offset, (int)bytes).Clear();
                }
                Assert.Equal(taken.Count == 0, slab.IsEmpty);
            }
        }
    }
}
