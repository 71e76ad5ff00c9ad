using ParScale.Hub.Cache;
using ParScale.Hub.Transfer;
using ParScale.Store;

namespace ParScale.Hub;

/// <summary>
/// Fetches models from the hub into the cache: those files that this library reads, all of one commit, each checked by its hash before it
/// gets its name. Safe to use from several threads; several processes that fetch the same model share the work.
/// </summary>
/// <example><code>
/// using var client = new HubClient();
/// string folder = await client.FetchAsync(ModelName.Parse("org/name"));
/// </code></example>
public sealed class HubClient : IDisposable
{
    private const int MostFiles = 4096;

    private readonly HubConnection _hub;
    private readonly Retry _retry;
    private readonly FileMetadata _metadata;
    private readonly TimeSpan _answer;
    private readonly TimeSpan _stall;
    private readonly bool _offline;
    private readonly bool _links;
    private readonly int _parallel;

    /// <summary>Creates a client; neither the network nor the disk is touched.</summary>
    /// <exception cref="ParScaleException">An option or an environment variable is malformed (HB-23).</exception>
    public HubClient(HubOptions? options = null)
    {
        options ??= new HubOptions();
        HubEnvironment environment = options.Environment;
        if (options.Parallel < 1) throw ParScaleException.Usage("HB-23", $"{nameof(HubOptions.Parallel)} is {options.Parallel}; it must be at least 1");
        Uri endpoint = options.Endpoint is { } given ? HubEnvironment.ParseEndpoint(given.OriginalString) : environment.Endpoint;
        string? token = options.Token is { } text ? HubEnvironment.Clean(text, nameof(HubOptions.Token)) : environment.Token();
        (_answer, _stall) = (options.AnswerTimeout ?? environment.AnswerTimeout, options.DownloadTimeout ?? environment.DownloadTimeout);
        (_offline, _links, _parallel) = (options.Offline ?? environment.Offline, !environment.DisableLinks, options.Parallel);
        Cache = new HubCache(options.CacheFolder ?? environment.CacheFolder);
        _hub = new HubConnection(endpoint, token, _answer);
        _retry = new Retry(options.Wait);
        _metadata = new FileMetadata(_hub, _answer);
    }

    /// <summary>Where the files go.</summary>
    public HubCache Cache { get; }

    /// <summary>The hub that is asked.</summary>
    public Uri Endpoint => _hub.Endpoint;

    /// <summary>
    /// Asks the hub which commit a name stands for and which files are needed. Writes nothing, except the index of weights in several files.
    /// </summary>
    /// <exception cref="ParScaleException">The name or the hub is refused; see HB in the guide to errors.</exception>
    public Task<HubPlan> PlanAsync(ModelName name, CancellationToken cancellation = default) => PlanAsync(name, weights: true, cancellation);

    /// <summary>The same, with the weights or for the sake of the tokenizer alone.</summary>
    internal async Task<HubPlan> PlanAsync(ModelName name, bool weights, CancellationToken cancellation)
    {
        if (_offline) throw Cache.NotThere(name, weights, "the network is off (HF_HUB_OFFLINE): fetch it with the network on");
        HubListing listing = await _retry.RunAsync(() => HubListing.GetAsync(_hub, name, _answer, cancellation), cancellation).ConfigureAwait(false);
        string[] listed = [.. listing.Files.Keys];
        if (weights) ModelFiles.RequireConfig(name, listed);
        List<string> wanted = [.. ModelFiles.Companions(listed)];
        string? main = weights ? ModelFiles.RequireWeights(name, listed) : null;
        if (main is not null) wanted.Add(main);
        var plan = new HubPlan(name, listing.Commit, await DescribeAsync(name, listing, wanted, cancellation).ConfigureAwait(false))
        {
            Absent = [.. ModelFiles.Optional.Where(file => !listed.Contains(file, StringComparer.Ordinal))],
        };
        if (main != ModelFiles.Index) return Sorted(plan);
        string[] shards = [.. await ShardsAsync(plan, cancellation).ConfigureAwait(false)];
        if (shards.FirstOrDefault(shard => !listing.Files.ContainsKey(shard)) is { } absent)
            throw ModelFiles.Unusable(name, $"has no {ParScaleException.Quote(absent)}, which {ModelFiles.Index} names");
        HubFile[] described = await DescribeAsync(name, listing, shards, cancellation).ConfigureAwait(false);
        return Sorted(plan with { Files = [.. plan.Files, .. described] });
    }

    /// <summary>Fetches what is missing of a plan.</summary>
    /// <returns>The folder of the snapshot, complete and checked.</returns>
    /// <exception cref="ParScaleException">The hub or the disk failed; what came is kept for the next time.</exception>
    public async Task<string> FetchAsync(HubPlan plan, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var repository = new RepositoryFolder(Cache.Folder, plan.Name.Id);
        var writer = new SnapshotWriter(repository, _links);
        var meter = new ProgressMeter(progress, plan.Bytes, plan.Files.Count);
        using IDisposable? use = await Task.Run(() => FolderUse.Begin(repository.Snapshot(plan.Commit), cancellation), cancellation).ConfigureAwait(false);
        try
        {
            bool isNew = plan.Files.Any(file => !writer.Has(plan.Commit, file));
            if (isNew)
            {
                Directory.CreateDirectory(Cache.Folder);
                DiskSpace.Require(Cache.Folder, plan);
                SnapshotWriter.TagCache(Cache.Folder);
            }
            // The weights last: a folder that has them has everything.
            foreach (IGrouping<bool, HubFile> part in plan.Files.GroupBy(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal)).OrderBy(part => part.Key))
            {
                var options = new ParallelOptions { MaxDegreeOfParallelism = _parallel, CancellationToken = cancellation };
                await Parallel.ForEachAsync(part, options, async (file, stop) => await FetchAsync(repository, writer, plan, file, meter, stop).ConfigureAwait(false))
                    .ConfigureAwait(false);
            }
            writer.NoteAbsent(plan.Commit, plan.Absent);
            writer.SetReference(plan.Name, plan.Commit);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CacheFault.Of(e, Cache.Folder);
        }
        return repository.Snapshot(plan.Commit);
    }

    /// <summary>Asks the hub and fetches what is missing.</summary>
    /// <returns>The folder of the snapshot, complete and checked.</returns>
    /// <exception cref="ParScaleException">The name, the hub or the disk is refused or failed; what came is kept for the next time.</exception>
    public async Task<string> FetchAsync(ModelName name, IProgress<HubProgress>? progress = null, CancellationToken cancellation = default) =>
        await FetchAsync(await PlanAsync(name, cancellation).ConfigureAwait(false), progress, cancellation).ConfigureAwait(false);

    /// <summary>
    /// Asks the hub for all names of files of a model, and which of its files tell what the model is: the small ones that are read here, those
    /// <paramref name="more"/> that are there, and the weights. Writes nothing, except the index of weights in several files; whatever the
    /// repository holds is no error.
    /// </summary>
    internal async Task<(HubPlan Plan, IReadOnlyList<string> Listed)> PlanLookAsync(ModelName name, IReadOnlyCollection<string> more, CancellationToken cancellation)
    {
        if (_offline) throw Cache.NotThere(name, weights: true, "the network is off (HF_HUB_OFFLINE): fetch it with the network on");
        HubListing listing = await _retry.RunAsync(() => HubListing.GetAsync(_hub, name, _answer, cancellation), cancellation).ConfigureAwait(false);
        string[] listed = [.. listing.Files.Keys];
        string[] small = [.. ModelFiles.Companions(listed).Concat(listed.Where(path => more.Contains(path) || path == ModelFiles.Index)).Distinct(StringComparer.Ordinal)];
        var plan = new HubPlan(name, listing.Commit, await DescribeAsync(name, listing, small, cancellation).ConfigureAwait(false));
        IReadOnlyCollection<string> weights = listing.Files.ContainsKey(ModelFiles.Weights) ? [ModelFiles.Weights] : [];
        if (weights.Count == 0 && listing.Files.ContainsKey(ModelFiles.Index))
        {
            try
            {
                weights = [.. (await ShardsAsync(plan, cancellation).ConfigureAwait(false)).Where(listing.Files.ContainsKey)];
            }
            catch (ParScaleException e) when (e.Kind == ErrorKind.BadInput)
            {
                // Whoever looks at the index meets the same fault.
            }
        }
        HubFile[] described = await DescribeAsync(name, listing, weights, cancellation).ConfigureAwait(false);
        return (Sorted(plan with { Files = [.. plan.Files, .. described] }), listed);
    }

    /// <summary>Reads parts of the files of a plan.</summary>
    internal PartReader Parts(HubPlan plan) => new(_hub, _retry, plan, _stall);

    /// <inheritdoc/>
    public void Dispose() => _hub.Dispose();

    private async Task FetchAsync(RepositoryFolder repository, SnapshotWriter writer, HubPlan plan, HubFile file, ProgressMeter meter, CancellationToken cancellation)
    {
        if (!writer.Has(plan.Commit, file))
        {
            using BlobLock held = await TakeAsync(repository, file, meter, cancellation).ConfigureAwait(false);
            // Whoever had the lock may have done the work.
            bool isNew = !writer.Has(plan.Commit, file) && SnapshotWriter.LengthOf(repository.Blob(file.ETag)) != file.Bytes;
            if (isNew && SharedBlob.Find(Cache.Folder, repository.Id, file) is { } twin && SharedBlob.TryTake(twin, repository.Blob(file.ETag), file, cancellation))
                meter.AddKept(file.Bytes);
            else if (isNew)
            {
                using var download = new BlobDownload(_hub, repository, plan, file, _stall, meter);
                await download.RunAsync(_retry, cancellation).ConfigureAwait(false);
            }
            else meter.AddKept(file.Bytes);
            writer.Publish(plan.Commit, file, isNew);
        }
        else meter.AddKept(file.Bytes);
        meter.AddFile();
    }

    // While another process writes the blob, its bytes are ours too.
    private static async Task<BlobLock> TakeAsync(RepositoryFolder repository, HubFile file, ProgressMeter meter, CancellationToken cancellation)
    {
        long seen = 0;
        bool waits = false;
        try
        {
            return await BlobLock.TakeAsync(repository.Lock(file.ETag), () =>
            {
                if (!waits) meter.Wait(waits = true);
                long length = SnapshotWriter.LengthOf(repository.Partial(file.ETag)) ?? seen;
                meter.AddReceived(length - seen);
                seen = length;
            }, cancellation).ConfigureAwait(false);
        }
        finally
        {
            meter.Discard(seen);
            if (waits) meter.Wait(false);
        }
    }

    private async Task<IReadOnlyList<string>> ShardsAsync(HubPlan plan, CancellationToken cancellation)
    {
        HubFile index = plan.Files.Single(file => file.Path == ModelFiles.Index);
        await FetchAsync(plan with { Files = [index], Absent = [], Name = plan.Name.At(plan.Commit) }, null, cancellation).ConfigureAwait(false);
        return ModelFiles.Shards(new RepositoryFolder(Cache.Folder, plan.Name.Id).SnapshotFile(plan.Commit, ModelFiles.Index));
    }

    private async Task<HubFile[]> DescribeAsync(ModelName name, HubListing listing, IReadOnlyCollection<string> paths, CancellationToken cancellation)
    {
        var repository = new RepositoryFolder(Cache.Folder, name.Id);
        var writer = new SnapshotWriter(repository, _links);
        if (paths.Count > MostFiles) throw ModelFiles.Unusable(name, $"has its weights in {paths.Count} files; at most {MostFiles} are fetched");
        var files = new HubFile[paths.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = _parallel, CancellationToken = cancellation };
        await Parallel.ForEachAsync(paths.Select((path, i) => (path, i)), options, async (item, stop) =>
        {
            HubFile file = await _retry.RunAsync(() => _metadata.GetAsync(name, listing.Commit, listing.Files[item.path], stop), stop).ConfigureAwait(false);
            long cached = writer.Has(listing.Commit, file) || SnapshotWriter.LengthOf(repository.Blob(file.ETag)) == file.Bytes
                || SharedBlob.Find(Cache.Folder, name.Id, file) is not null
                ? file.Bytes
                : Math.Min(SnapshotWriter.LengthOf(repository.Partial(file.ETag)) ?? 0, file.Bytes);
            files[item.i] = file with { BytesCached = cached };
        }).ConfigureAwait(false);
        return files;
    }

    /// <exception cref="ParScaleException">Two names are one file on systems that do not tell capitals apart (HB-11).</exception>
    private static HubPlan Sorted(HubPlan plan)
    {
        if (plan.Files.GroupBy(file => file.Path, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } same)
            throw HubAnswer.Network("HB-11", $"{plan.Name} has {string.Join(" and ", same.Select(file => ParScaleException.Quote(file.Path)))}, which are one file on some systems");
        return plan with { Files = [.. plan.Files.OrderBy(file => file.Path, StringComparer.Ordinal)] };
    }
}
