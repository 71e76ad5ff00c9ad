namespace ParScale.Model;

public sealed partial record ModelConfig
{
    /// <summary>This configuration run with another number of streams: its own, or 1 for the plain backbone.</summary>
    /// <exception cref="ParScaleException">The checkpoint has no prefixes and aggregator for that many.</exception>
    public ModelConfig WithStreams(int? streams)
    {
        if (streams is null || streams == Streams) return this;
        if (streams == 1) return this with { Streams = 1, PrefixTokens = 0 };
        string choice = Streams == 1 ? "only 1" : $"{Streams}, or 1 for the backbone alone";
        throw ParScaleException.Usage("CL-09", $"this checkpoint cannot run {streams} streams; it was trained for {choice}");
    }
}
