namespace ParScale.Benchmarks;

/// <summary>The sizes of ParScale-1.8B, and numbers to compute with.</summary>
internal static class Numbers
{
    public const int Hidden = 1536;
    public const int Intermediate = 8320;
    public const int Heads = 16;
    public const int KeyValueHeads = 2;
    public const int HeadSize = 96;
    public const int Prefix = 48;
    public const int Layers = 36;
    public const int Vocabulary = 151_936;

    /// <summary>Numbers in [-1, 1), the same in every run.</summary>
    public static float[] Random(int count)
    {
        var random = new Random(1);
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = 2 * random.NextSingle() - 1;
        return values;
    }
}
