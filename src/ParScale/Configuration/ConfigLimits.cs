namespace ParScale.Configuration;

/// <summary>
/// The largest numbers a config may hold. With all of them at their limits, every count of parameters and bytes
/// still fits 63 bits.
/// </summary>
internal static class ConfigLimits
{
    public const int Layers = 1024;
    public const int Heads = 1024;
    public const int HeadSize = 4096;
    public const int Hidden = 1 << 18;
    public const int Intermediate = 1 << 20;
    public const int Experts = 1024;
    public const int Vocabulary = 2_000_000;
    public const int Positions = 1 << 24;
    public const int Streams = 64;
    public const int PrefixTokens = 4096;
    public const int EndOfTextIds = 1024;
    public const double RopeTheta = 1e15;
}
