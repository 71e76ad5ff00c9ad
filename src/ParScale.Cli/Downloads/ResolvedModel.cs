using ParScale.Configuration;
using ParScale.Hub;
using ParScale.Store;

namespace ParScale.Cli.Downloads;

/// <summary>What a name or a folder means on this machine.</summary>
/// <param name="Source">The model whose weights are loaded.</param>
/// <param name="Streams">The folder of the streams that run over them, when these are another model's; null for the model's own.</param>
internal sealed record ResolvedModel(ModelSource Source, string? Streams = null)
{
    /// <summary>P of those streams, which then run unless another P is asked for; null for the model's own.</summary>
    public int? StreamCount => Streams is null ? null : CheckpointConfig.Load(Streams).Streams.Count;
}

/// <summary>What a fetch brought.</summary>
/// <param name="Folder">The folder of the model; of its streams when these were fetched alone.</param>
/// <param name="Plan">The files of the model.</param>
/// <param name="Backbone">The model that holds the backbone, when the streams were fetched alone.</param>
internal sealed record FetchedModel(string Folder, HubPlan Plan, ModelSource? Backbone = null);
