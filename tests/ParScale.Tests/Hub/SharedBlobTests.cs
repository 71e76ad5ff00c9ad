using ParScale.Hub;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Hub;

/// <summary>Two models with the same weights.</summary>
public sealed class SharedBlobTests : IDisposable
{
    private const string First = "acme/first", Fork = "acme/fork";

    private readonly TempFolder _folder = new();
    private readonly FakeHub _hub = new();

    public SharedBlobTests()
    {
        RandomCheckpoint.Write(_folder.File("source"), RandomCheckpoint.Config(2), seed: 3);
        _hub.Add(First).AddFolder(_folder.File("source"));
        _hub.Add(Fork, seed: 2).AddFolder(_folder.File("source"));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Equal_weights_are_fetched_once_and_survive_the_others_removal()
    {
        using HubClient client = Client();
        await client.FetchAsync(ModelName.Parse(First), null, Stop);
        HubPlan plan = await client.PlanAsync(ModelName.Parse(Fork), Stop);
        Assert.DoesNotContain(plan.Files, file => file.Path == "model.safetensors" && file.BytesCached < file.Bytes);
        _hub.Clear();
        string folder = await client.FetchAsync(plan, null, Stop);
        Assert.DoesNotContain(_hub.Requests, request => request.File == "model.safetensors");
        client.Cache.Remove(client.Cache.List().Single(snapshot => snapshot.Name.Id == First));
        Assert.Empty(await client.Cache.VerifyAsync(Assert.Single(client.Cache.List()), null, Stop));
        LanguageModel.Load(folder).Dispose();
    }

    [Fact]
    public async Task Damaged_weights_of_another_model_are_not_taken()
    {
        using HubClient client = Client();
        string first = await client.FetchAsync(ModelName.Parse(First), null, Stop);
        string blob = new FileInfo(Path.Combine(first, "model.safetensors")).ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        byte[] bytes = File.ReadAllBytes(blob);
        bytes[^1] ^= 1;
        File.WriteAllBytes(blob, bytes);
        string folder = await client.FetchAsync(ModelName.Parse(Fork), null, Stop);
        Assert.Equal(File.ReadAllBytes(_folder.File("source/model.safetensors")), File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    private HubClient Client() => new(new HubOptions
    {
        CacheFolder = _folder.File("cache"),
        Endpoint = _hub.Endpoint,
        Environment = new HubEnvironment(_ => null),
        Offline = false,
        Wait = (_, _) => Task.CompletedTask,
    });
}
