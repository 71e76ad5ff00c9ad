using ParScale.Generation;
using static TorchSharp.torch;

namespace ParScale.Training.Optimization;

/// <summary>
/// Which streams take part in a row of a batch when each is left out with a probability: a function of the seed, the step and the row
/// alone, whatever the number of processes or micro-batches. A row that would lose all keeps one, each as likely as another; an anchor always stays.
/// </summary>
internal sealed class StreamDropping(int streams, double probability, long seed, bool anchored = false)
{
    /// <summary>1 where a stream is present, else 0: [P, rows, 1], for rows <paramref name="first"/> and on of the batch of a step.</summary>
    public Tensor Present(long step, long first, int rows)
    {
        float[] present = new float[streams * rows];
        for (int row = 0; row < rows; row++)
        {
            // Two rounds of the generator's mixing part the seeds of neighbouring steps and rows.
            var random = new SplitMix64((ulong)seed ^ new SplitMix64((ulong)step << 24 ^ (ulong)(first + row)).NextUInt64());
            bool any = false;
            for (int p = 0; p < streams; p++)
            {
                bool stays = random.NextDouble() >= probability || (anchored && p == 0);
                present[p * rows + row] = stays ? 1 : 0;
                any |= stays;
            }
            if (!any) present[(int)(random.NextDouble() * streams) * rows + row] = 1;
        }
        return tensor(present).view(streams, rows, 1);
    }
}
