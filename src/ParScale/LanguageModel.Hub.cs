using ParScale.Hub;
using ParScale.Store;

namespace ParScale;

public sealed partial class LanguageModel
{
    /// <summary>
    /// Loads a folder, or a model by its name on the hub: from the cache when it is complete there, without asking the hub, else after fetching
    /// what is missing. <see cref="HubClient.FetchAsync(ModelName, IProgress{HubProgress}?, CancellationToken)"/> asks for newer files.
    /// </summary>
    /// <param name="nameOrFolder">A folder in Hugging Face layout, which comes first; else <c>org/name</c> or <c>org/name@revision</c>.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="progress">Told how the fetch goes on, if there is one.</param>
    /// <param name="cancellation">Ends the fetch; what came is kept for the next time.</param>
    /// <exception cref="ParScaleException">There is no such folder or model, it cannot be fetched, or it cannot be loaded.</exception>
    public static Task<LanguageModel> LoadAsync(
        string nameOrFolder, LoadOptions? options = null, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        LoadAsync(nameOrFolder, options, new HubOptions(), progress, cancellation);

    /// <summary>The same with another hub or another cache than the environment variables name.</summary>
    /// <inheritdoc cref="LoadAsync(string, LoadOptions?, IProgress{HubProgress}?, CancellationToken)"/>
    public static async Task<LanguageModel> LoadAsync(
        string nameOrFolder, LoadOptions? options, HubOptions hub, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(nameOrFolder);
        ArgumentNullException.ThrowIfNull(hub);
        options ??= new LoadOptions();
        var cache = new HubCache(hub.CacheFolder ?? hub.Environment.CacheFolder);
        ModelSource source = Directory.Exists(nameOrFolder)
            ? new ModelSource(nameOrFolder)
            : await FindAsync(cache, nameOrFolder, hub, progress, cancellation).ConfigureAwait(false);
        return await Task.Run(() => Load(source, ModelStore.Beside(cache.Folder), options, cancellation), cancellation).ConfigureAwait(false);
    }

    private static LanguageModel Load(ModelSource source, ModelStore store, LoadOptions options, CancellationToken cancellation)
    {
        if (!(options.KeepQuantized ?? source.Name is not null)) return Load(source.Folder, options);
        List<string> notes = [];
        LanguageModel model = LoadKept(source, store, options, notes.Add, progress: null, cancellation);
        model.Notices = [.. notes, .. model.Notices];
        return model;
    }

    private static async Task<ModelSource> FindAsync(
        HubCache cache, string text, HubOptions hub, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        if (!ModelName.TryParse(text, out ModelName name))
            throw ParScaleException.Usage("HB-20", $"{ParScaleException.Quote(text)} is neither a folder that is there nor the name of a model on the hub (org/name or org/name@revision)");
        if (cache.Find(name) is { } cached) return ModelSource.OfSnapshot(name, cached);
        using var client = new HubClient(hub);
        return ModelSource.OfSnapshot(name, await client.FetchAsync(name, progress, cancellation).ConfigureAwait(false));
    }
}
