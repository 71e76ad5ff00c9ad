using System.Text.Json.Serialization;

namespace ParScale.Cli.Store;

/// <summary>The JSON of <c>parscale pull</c>.</summary>
/// <param name="Models">The models, in the order they were given.</param>
internal sealed record PullResult(IReadOnlyList<PulledModel> Models);

/// <summary>A model that is on this machine now, complete and checked.</summary>
internal sealed record PulledModel
{
    /// <summary>As it was asked for.</summary>
    public required string Name { get; init; }

    /// <summary>The commit that its revision stands for.</summary>
    public required string Commit { get; init; }

    /// <summary>The folder in Hugging Face layout.</summary>
    public required string Folder { get; init; }

    public required int Files { get; init; }

    /// <summary>Bytes of all its files.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes that came over the network; 0 when it was here already.</summary>
    public required long FetchedBytes { get; init; }

    /// <summary>Time to fetch it.</summary>
    public required double Seconds { get; init; }

    /// <summary>The folder of the quantised copy that <c>--dtype</c> asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Quantized { get; init; }
}
