using ParScale.Hub;
using ParScale.Hub.Cache;
using ParScale.Store;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Hub;

public class HubCacheTests
{
    [Fact]
    public async Task Snapshots_are_listed_checked_and_removed()
    {
        using var fixture = new HubFixture();
        await fixture.FetchAsync();
        fixture.Repository.Commit = new string('f', 40);
        fixture.Repository["generation_config.json"] = "{ }"u8.ToArray();
        await fixture.FetchAsync();
        var cache = new HubCache(fixture.CacheFolder);
        IReadOnlyList<CachedSnapshot> all = cache.List();
        Assert.Equal(2, all.Count);
        CachedSnapshot current = Assert.Single(all, snapshot => snapshot.Name == fixture.Name);
        CachedSnapshot old = Assert.Single(all, snapshot => snapshot != current);
        Assert.Equal([], current.Missing);
        Assert.Equal(["main"], current.References);
        Assert.Equal(fixture.Repository["model.safetensors"].Length, current.Files.Single(file => file.Path == "model.safetensors").Bytes);
        Assert.Empty(await cache.VerifyAsync(current, null, TestContext.Current.CancellationToken));

        // Only the one file that the other commit does not share goes.
        Assert.Equal(2, cache.Remove(old));
        Assert.Empty(await cache.VerifyAsync(current, null, TestContext.Current.CancellationToken));
        byte[] weights = await File.ReadAllBytesAsync(current.Files[^2].Blob, TestContext.Current.CancellationToken);
        weights[1000] ^= 4;
        await File.WriteAllBytesAsync(current.Files[^2].Blob, weights, TestContext.Current.CancellationToken);
        Assert.Equal(current.Files[^2], Assert.Single(await cache.VerifyAsync(current, null, TestContext.Current.CancellationToken)));

        Assert.Equal(current.Bytes, cache.Remove(current));
        Assert.Empty(cache.List());
        Assert.Null(cache.Find(fixture.Name));
        Assert.False(Directory.Exists(Path.Combine(fixture.CacheFolder, "models--acme--tiny")));
    }

    [Theory]
    [InlineData("//")]
    [InlineData("/./")]
    [InlineData("/none/../")]
    public async Task Contents_that_another_snapshot_uses_stay_however_the_folder_is_written(string separator)
    {
        using var fixture = new HubFixture();
        await fixture.FetchAsync();
        fixture.Repository.Commit = new string('f', 40);
        await fixture.FetchAsync();
        Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(fixture.CacheFolder)!, "none"));
        string written = Path.GetDirectoryName(fixture.CacheFolder) + separator + Path.GetFileName(fixture.CacheFolder);
        foreach (string folder in (string[])[written, Path.GetRelativePath(Environment.CurrentDirectory, fixture.CacheFolder)])
        {
            var cache = new HubCache(folder);
            Assert.Equal(fixture.CacheFolder, cache.Folder);
            Assert.All(cache.List(), snapshot => Assert.Empty(snapshot.Missing));
        }
        var some = new HubCache(written);
        IReadOnlyList<CachedSnapshot> both = some.List();
        CachedSnapshot current = both.Single(snapshot => snapshot.Name == fixture.Name);
        some.Remove(both.Single(snapshot => snapshot != current));
        Assert.Empty(await some.VerifyAsync(current, null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_lock_that_is_held_is_waited_for_and_one_that_was_left_is_not()
    {
        using var fixture = new HubFixture();
        string etag = FakeRepository.ETag("model.safetensors", fixture.Repository["model.safetensors"]);
        string path = new RepositoryFolder(fixture.CacheFolder, HubFixture.Id).Lock(etag);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "4711", TestContext.Current.CancellationToken);
        BlobLock held = BlobLock.TryTake(path)!;
        var waits = new TaskCompletionSource();
        Task<string> fetch = fixture.FetchAsync(progress: new Waiting(waits));
        Assert.Same(waits.Task, await Task.WhenAny(waits.Task, fetch));
        Assert.DoesNotContain(fixture.Hub.Requests, request => !request.IsHub);
        held.Dispose();
        await fetch;
        fixture.RequireNothingWrong();
    }

    [Fact]
    public async Task Removing_waits_until_nobody_fetches_or_loads_the_model()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using var fixture = new HubFixture();
        string etag = FakeRepository.ETag("model.safetensors", fixture.Repository["model.safetensors"]);
        BlobLock weights = BlobLock.TryTake(new RepositoryFolder(fixture.CacheFolder, HubFixture.Id).Lock(etag))!;
        // The fetch must go on while this waits for it.
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<string> fetch = fixture.FetchAsync(progress: new Waiting(waits));
        await waits.Task;
        var cache = new HubCache(fixture.CacheFolder);
        CachedSnapshot partial = Assert.Single(cache.List());
        int told = 0;
        await Task.Run(() => cache.Remove(partial, () =>
        {
            told++;
            Assert.True(File.Exists(Path.Combine(partial.Folder, "config.json")));
            weights.Dispose();
        }, () => Assert.NotNull(cache.Find(fixture.Name)), token), token);
        weights.Dispose();
        Assert.Equal((1, partial.Folder), (told, await fetch));
        Assert.Empty(cache.List());

        string folder = await fixture.FetchAsync();
        IDisposable loading = FolderUse.Begin(folder, token)!;
        cache.Remove(Assert.Single(cache.List()), loading.Dispose, () => { }, token);
        Assert.False(Directory.Exists(folder));
        Assert.Null(FolderUse.Begin(fixture.CacheFolder, token));
    }

    [Fact]
    public async Task A_cache_that_python_filled_is_found()
    {
        using var fixture = new HubFixture();
        string folder = await fixture.FetchAsync();
        // What Python's client leaves: no notes of absent files where it fetched all, and none of ours.
        Directory.Delete(Path.Combine(fixture.CacheFolder, "models--acme--tiny", ".no_exist"), recursive: true);
        Directory.Delete(Path.Combine(fixture.CacheFolder, ".locks"), recursive: true);
        File.Delete(Path.Combine(fixture.CacheFolder, "CACHEDIR.TAG"));
        Assert.Equal(folder, new HubCache(fixture.CacheFolder).Find(fixture.Name));
        Assert.Equal(folder, new HubCache(fixture.CacheFolder).Find(fixture.Name.At(fixture.Repository.Commit)));
        Assert.Null(new HubCache(fixture.CacheFolder).Find(fixture.Name.At("v2")));
        // A model whose tokenizer was never asked for is not complete; one that is noted to have none is.
        File.Delete(Path.Combine(folder, "tokenizer.json"));
        Assert.Null(new HubCache(fixture.CacheFolder).Find(fixture.Name));
        fixture.Repository.Remove("tokenizer.json");
        await fixture.FetchAsync();
        Assert.Equal(folder, new HubCache(fixture.CacheFolder).Find(fixture.Name));
    }

    [Fact]
    public void Folders_that_are_no_models_are_passed_over()
    {
        using var folder = new TempFolder();
        foreach (string name in (string[])["datasets--a--b", "models--gpt2", "models--a--..", "models--x--y"]) Directory.CreateDirectory(folder.File(name));
        Directory.CreateDirectory(Path.Combine(folder.File("models--x--y"), "snapshots", "not-a-commit"));
        Directory.CreateDirectory(Path.Combine(folder.File("models--x--y"), "refs"));
        File.WriteAllText(Path.Combine(folder.File("models--x--y"), "refs", "main"), "../../../etc");
        Assert.Empty(new HubCache(folder.Path).List());
        Assert.Null(new HubCache(folder.Path).Find(ModelName.Parse("x/y")));
        Assert.Empty(new HubCache(folder.File("absent")).List());
    }

    private sealed class Waiting(TaskCompletionSource waits) : IProgress<HubProgress>
    {
        public void Report(HubProgress value)
        {
            if (value.Waiting) waits.TrySetResult();
        }
    }
}
