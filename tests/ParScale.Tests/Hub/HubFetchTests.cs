using ParScale.Hub;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Hub;

public class HubFetchTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public async Task A_fetched_folder_loads_and_holds_only_what_is_read(bool sharded, bool describes)
    {
        using var fixture = new HubFixture(sharded);
        fixture.Repository.Describes = describes;
        string folder = await fixture.FetchAsync();
        string[] weights = sharded ? [.. Enumerable.Range(1, 3).Select(i => $"model-0000{i}-of-00003.safetensors"), "model.safetensors.index.json"] : ["model.safetensors"];
        Assert.Equal(((string[])["config.json", "generation_config.json", "tokenizer.json", .. weights]).Order(), Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        fixture.RequireNothingWrong();
        using LanguageModel model = LanguageModel.Load(folder);
        Assert.Equal(2, model.Streams.Count);
        Assert.Equal(folder, new HubCache(fixture.CacheFolder).Find(fixture.Name));
    }

    [Fact]
    public async Task The_layout_is_that_of_the_python_client()
    {
        using var fixture = new HubFixture();
        fixture.Repository.Revisions.Add("refs/pr/1");
        await fixture.FetchAsync();
        using (var client = new HubClient(fixture.Options)) await client.FetchAsync(fixture.Name.At("refs/pr/1"), null, Stop);
        string model = Path.Combine(fixture.CacheFolder, "models--acme--tiny"), commit = fixture.Repository.Commit;
        Assert.Equal(commit, File.ReadAllText(Path.Combine(model, "refs", "main")));
        Assert.Equal(commit, File.ReadAllText(Path.Combine(model, "refs", "refs", "pr", "1")));
        foreach (string file in (string[])["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"])
        {
            string etag = FakeRepository.ETag(file, fixture.Repository[file]);
            Assert.Equal(Path.Combine("..", "..", "blobs", etag), new FileInfo(Path.Combine(model, "snapshots", commit, file)).LinkTarget);
            Assert.Equal(fixture.Repository[file], File.ReadAllBytes(Path.Combine(model, "blobs", etag)));
            Assert.True(File.Exists(Path.Combine(fixture.CacheFolder, ".locks", "models--acme--tiny", etag + ".lock")));
        }
        Assert.Equal(4, Directory.GetFiles(Path.Combine(model, "blobs")).Length);
        Assert.Empty(File.ReadAllBytes(Path.Combine(model, ".no_exist", commit, "chat_template.jinja")));
        Assert.StartsWith("Signature: 8a477f597d28d172789f06886806bc55\n", File.ReadAllText(Path.Combine(fixture.CacheFolder, "CACHEDIR.TAG")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_fetch_asks_for_the_commit_alone()
    {
        using var fixture = new HubFixture();
        string folder = await fixture.FetchAsync();
        fixture.Hub.Clear();
        Assert.Equal(folder, await fixture.FetchAsync());
        Assert.Equal("/api/models/acme/tiny/revision/main?blobs=true", Assert.Single(fixture.Hub.Requests).Target);
    }

    [Fact]
    public async Task A_new_commit_fetches_only_what_changed()
    {
        using var fixture = new HubFixture();
        string first = await fixture.FetchAsync();
        fixture.Repository.Commit = new string('f', 40);
        fixture.Repository["generation_config.json"] = "{ }"u8.ToArray();
        fixture.Hub.Clear();
        string second = await fixture.FetchAsync();
        Assert.NotEqual(first, second);
        Assert.Equal("generation_config.json", Assert.Single(fixture.Hub.Requests, request => request.File is not null).File);
        Assert.True(File.Exists(Path.Combine(first, "config.json")));
        Assert.Equal(second, new HubCache(fixture.CacheFolder).Find(fixture.Name));
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_alone()
    {
        using var fixture = new HubFixture();
        fixture.Repository.Token = "hf_secret";
        await fixture.FetchAsync(fixture.Options with { Token = "hf_secret" });
        Assert.All(fixture.Hub.Requests, request => Assert.Equal(request.IsHub ? "Bearer hf_secret" : null, request.Header("Authorization")));
        Assert.Contains(fixture.Hub.Requests, request => !request.IsHub);
    }

    [Fact]
    public async Task Without_links_files_lie_in_the_snapshot()
    {
        using var fixture = new HubFixture();
        HubOptions options = fixture.Options with { Environment = new HubEnvironment(name => name == "HF_HUB_DISABLE_SYMLINKS" ? "1" : null) };
        string folder = await fixture.FetchAsync(options);
        Assert.All(Directory.GetFiles(folder), file => Assert.Null(new FileInfo(file).LinkTarget));
        Assert.Empty(Directory.GetFiles(fixture.Blobs));
        fixture.RequireNothingWrong();
        fixture.Hub.Clear();
        Assert.Equal(folder, await fixture.FetchAsync(options));
        Assert.DoesNotContain(fixture.Hub.Requests, request => request.File is not null);
    }

    [Fact]
    public async Task Two_clients_share_the_work()
    {
        using var fixture = new HubFixture();
        string[] folders = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => fixture.FetchAsync()));
        Assert.Single(folders.Distinct());
        Assert.Single(fixture.Hub.Requests, request => request is { IsHub: false, File: "model.safetensors" });
    }

    [Fact]
    public async Task Progress_ends_with_everything_done()
    {
        using var fixture = new HubFixture(sharded: true);
        var reports = new List<HubProgress>();
        await fixture.FetchAsync(progress: new Listener(reports));
        HubProgress last = reports[^1];
        Assert.Equal((last.BytesTotal, last.FilesTotal), (last.BytesDone, last.FilesDone));
        Assert.All(reports, report => Assert.InRange(report.BytesDone, 0, report.BytesTotal));
    }

    [Fact]
    public async Task Loading_by_name_fetches_once()
    {
        using var fixture = new HubFixture();
        using (LanguageModel model = await LanguageModel.LoadAsync(HubFixture.Id, null, fixture.Options, null, Stop)) Assert.True(model.HasTokenizer);
        fixture.Hub.Clear();
        using (LanguageModel model = await LanguageModel.LoadAsync(HubFixture.Id, null, fixture.Options with { Offline = true }, null, Stop))
            Assert.Equal(2, model.Streams.Count);
        Assert.Empty(fixture.Hub.Requests);
    }

    private sealed class Listener(List<HubProgress> reports) : IProgress<HubProgress>
    {
        public void Report(HubProgress value) => reports.Add(value);
    }
}
