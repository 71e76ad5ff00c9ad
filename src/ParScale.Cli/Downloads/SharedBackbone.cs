using ParScale.Hub;
using ParScale.ScalingLaws.Plan;
using ParScale.Store;

namespace ParScale.Cli.Downloads;

/// <summary>The published models that differ in their streams alone: where one of them is here, the streams of the others are enough.</summary>
internal static class SharedBackbone
{
    /// <summary>The model of the same set that has <paramref name="streams"/> streams; the model itself when there is no such set or no such model.</summary>
    public static ModelName With(ModelName name, int? streams) =>
        PublishedCheckpoints.SharingBackbone(name.Id).FirstOrDefault(other => other.Streams == streams) is { } sibling && sibling.Name != name.Id
            ? ModelName.Parse(sibling.Name)
            : name;

    /// <summary>Another model of the set that is in the cache completely, and with it the backbone.</summary>
    public static ModelSource? Find(HubCache cache, ModelName name) => All(cache, name).FirstOrDefault();

    /// <summary>The model's streams, when they were fetched before and their backbone is still here.</summary>
    public static ResolvedModel? FindKept(HubCache cache, ModelName name)
    {
        if (name.Revision != ModelName.DefaultRevision && !name.IsCommit) return null;
        return (from streams in ModelStore.Beside(cache.Folder).List()
                where streams.Dtype is null && streams.Model == name.Id && (!name.IsCommit || streams.Commit == name.Revision)
                orderby streams.LastUsed descending
                from backbone in All(cache, name)
                where StreamCopy.Fits(streams.Path, backbone.Folder)
                select new ResolvedModel(backbone, streams.Path)).FirstOrDefault();
    }

    /// <summary>The folders of the set's other streams that are here.</summary>
    public static IEnumerable<string> Others(HubCache cache, ResolvedModel model) => model.Source.Name is not { } own ? [] : PublishedCheckpoints.SharingBackbone(own)
        .Where(other => other.Name != own)
        .Select(other => ModelName.Parse(other.Name))
        .Select(other => cache.Find(other) ?? FindKept(cache, other)?.Streams)
        .OfType<string>()
        .Where(folder => folder != model.Streams);

    private static IEnumerable<ModelSource> All(HubCache cache, ModelName name) => PublishedCheckpoints.SharingBackbone(name.Id)
        .Where(other => other.Name != name.Id)
        .Select(other => ModelName.Parse(other.Name))
        .Select(other => cache.Find(other) is { } folder ? ModelSource.OfSnapshot(other, folder) : null)
        .OfType<ModelSource>();
}
