namespace ParScale.Hub;

/// <summary>Fetches models from the hub into the cache. Safe to use from several threads.</summary>
public sealed class HubClient : IDisposable
{
    /// <summary>Creates a client; the network is not touched.</summary>
    /// <exception cref="ParScaleException">An environment variable is malformed (HB-23).</exception>
    public HubClient(HubOptions? options = null) => Cache = new HubCache(options?.CacheFolder);

    /// <summary>Where the files go.</summary>
    public HubCache Cache { get; }

    /// <summary>Asks the hub which commit a name stands for and which of its files are needed. Writes nothing but small files.</summary>
    public Task<HubPlan> PlanAsync(ModelName name, CancellationToken cancellation = default) => throw new NotImplementedException($"{name} {cancellation}");

    /// <summary>Fetches what is missing of a plan.</summary>
    /// <returns>The folder of the snapshot, complete and checked.</returns>
    public Task<string> FetchAsync(HubPlan plan, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException($"{plan.Name} {progress} {cancellation}");

    /// <summary>Asks the hub and fetches what is missing.</summary>
    /// <returns>The folder of the snapshot, complete and checked.</returns>
    public async Task<string> FetchAsync(ModelName name, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        await FetchAsync(await PlanAsync(name, cancellation).ConfigureAwait(false), progress, cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
