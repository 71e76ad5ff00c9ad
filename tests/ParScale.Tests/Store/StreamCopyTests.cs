using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Hub;
using ParScale.Kernels.Formats;
using ParScale.Store;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Store;

/// <summary>Two published models over one frozen backbone: one is fetched whole, of the other the streams alone.</summary>
public sealed class StreamCopyTests : IDisposable
{
    private const string First = "acme/frozen-p4", Second = "acme/frozen-p2";
    private static readonly int[] Tokens = [3, 1, 4, 1, 5];

    private static readonly LoadOptions Q8 = new() { Dtype = WeightDtype.Q8 };

    private readonly TempFolder _folder = new();
    private readonly FakeHub _hub = new();
    private readonly List<string> _notes = [];
    private readonly ModelStore _store;

    // Large enough that most of each shard lies far from any stream.
    private static readonly CheckpointConfig Backbone = RandomCheckpoint.Config(1, hidden: 64, intermediate: 3000, vocabulary: 3000, layers: 3);

    public StreamCopyTests()
    {
        _store = new ModelStore(_folder.File("store"));
        Publish(First, 4, backboneSeed: 5);
        Publish(Second, 2, backboneSeed: 5);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Streams_alone_compute_what_the_whole_model_does()
    {
        using HubClient client = Client();
        string whole = await client.FetchAsync(ModelName.Parse(First), null, Stop);
        _hub.Clear();
        string streams = (await PrepareAsync(client, whole))!;
        long came = _hub.Requests.Where(request => !request.IsHub).Sum(request => request.RangeEnd!.Value - request.RangeStart!.Value + 1);
        long all = new DirectoryInfo(_folder.File(Second)).EnumerateFiles("*.safetensors").Sum(file => file.Length);
        Assert.InRange(came, 1, all / 2);

        using LanguageModel expected = LanguageModel.Load(_folder.File(Second)), model = LanguageModel.Load(whole), addOn = LanguageModel.Load(streams);
        model.AddStreams(streams);
        Assert.Equal(Last(expected), Last(model, 2));
        Assert.Equal(Last(expected), Last(addOn));
        using LanguageModel four = LanguageModel.Load(_folder.File(First));
        Assert.Equal(Last(four), Last(model, 4));

        using LanguageModel both = LanguageModel.Load(whole, new LoadOptions { AddedStreams = [streams], Streams = 2 });
        Assert.Equal(2, both.Streams.Count);
        Assert.Equal(Last(expected), Last(both));
        Assert.Equal("CL-09", Assert.Throws<ParScaleException>(() => LanguageModel.Load(whole, new LoadOptions { AddedStreams = [streams], Streams = 3 })).Code);

        KeptFolder kept = Assert.Single(_store.List());
        Assert.Equal((Second, "streams", whole), (kept.Model, kept.Kind, kept.Source));
        Assert.Empty(Directory.GetFiles(streams, ".*"));
    }

    [Fact]
    public async Task A_model_that_is_loaded_by_name_keeps_its_quantised_copy()
    {
        Environment.SetEnvironmentVariable(ModelStore.Variable, null);
        using LanguageModel first = await LanguageModel.LoadAsync(First, Q8, Options, cancellation: Stop);
        Assert.Single(first.Notices, notice => notice.Contains("kept it for the next start", StringComparison.Ordinal));
        _hub.Clear();
        using LanguageModel second = await LanguageModel.LoadAsync(First, Q8, Options, cancellation: Stop);
        Assert.Empty(second.Notices);
        Assert.Empty(_hub.Requests);
        Assert.Equal(Last(first), Last(second));
        KeptFolder kept = Assert.Single(ModelStore.Beside(_folder.File("cache")).List());
        Assert.Equal((First, "q8", kept.Path), (kept.Model, kept.Kind, second.Folder));
        using LanguageModel unkept = await LanguageModel.LoadAsync(_folder.File(Second), Q8, Options, cancellation: Stop);
        Assert.Single(ModelStore.Beside(_folder.File("cache")).List());
    }

    [Fact]
    public async Task They_are_fetched_once()
    {
        using HubClient client = Client();
        string whole = await client.FetchAsync(ModelName.Parse(First), null, Stop);
        string streams = (await PrepareAsync(client, whole))!;
        HubPlan plan = await client.PlanAsync(ModelName.Parse(Second), Stop);
        _hub.Clear();
        Assert.Equal(streams, await StreamCopy.PrepareAsync(_store, client, plan, whole, _notes.Add, null, Stop));
        Assert.Empty(_hub.Requests);
        Assert.Single(_notes);
        Assert.True(StreamCopy.Fits(streams, whole));
        Directory.Delete(whole, recursive: true);
        Assert.False(StreamCopy.Fits(streams, whole));
    }

    [Theory]
    [InlineData("other weights")]
    [InlineData("other shape")]
    public async Task Another_backbone_is_noticed_and_nothing_is_kept(string difference)
    {
        if (difference == "other weights") Publish(Second, 2, backboneSeed: 6);
        else Publish(Second, 2, backboneSeed: 5, Backbone with { Model = Backbone.Model with { Layers = LayerConfig.Qwen2(Backbone.Model.LayerCount, Backbone.Model.HeadSize, Backbone.Model.IntermediateSize, ropeTheta: 5) } });
        using HubClient client = Client();
        string whole = await client.FetchAsync(ModelName.Parse(First), null, Stop);
        Assert.Null(await PrepareAsync(client, whole));
        Assert.Contains("another backbone", Assert.Single(_notes), StringComparison.Ordinal);
        Assert.Empty(_store.List());
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_one_note()
    {
        _folder.Write("taken", "");
        using HubClient client = Client();
        string whole = await client.FetchAsync(ModelName.Parse(First), null, Stop);
        HubPlan plan = await client.PlanAsync(ModelName.Parse(Second), Stop);
        Assert.Null(await StreamCopy.PrepareAsync(new ModelStore(_folder.File("taken")), client, plan, whole, _notes.Add, null, Stop));
        Assert.Contains("cannot be kept", Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no parts", "HB-07")]
    [InlineData("cut", "HB-04")]
    [InlineData("damaged config", "HB-05")]
    public async Task Faults_of_the_server_are_named_and_leave_nothing(string fault, string code)
    {
        using HubClient client = Client();
        string whole = await client.FetchAsync(ModelName.Parse(First), null, Stop);
        HubPlan plan = await client.PlanAsync(ModelName.Parse(Second), Stop);
        _hub.Change = (request, answer) => (fault, request.IsHub) switch
        {
            ("no parts", false) => new FakeAnswer { Body = new byte[100] },
            ("cut", false) => Cut(answer),
            ("damaged config", true) when request.File == "config.json" => Damage(answer),
            _ => answer,
        };
        ParScaleException error = await Assert.ThrowsAsync<ParScaleException>(() => StreamCopy.PrepareAsync(_store, client, plan, whole, _notes.Add, null, Stop));
        Assert.Equal(code, error.Code);
        Assert.Empty(_store.List());
        Assert.DoesNotContain(Directory.GetDirectories(_store.Folder, "*", SearchOption.AllDirectories), folder => folder.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private static FakeAnswer Cut(FakeAnswer answer)
    {
        answer.CutAfter = 10;
        return answer;
    }

    private static FakeAnswer Damage(FakeAnswer answer)
    {
        answer.Body = [.. answer.Body];
        answer.Body[^3] ^= 1;
        return answer;
    }

    private async Task<string?> PrepareAsync(HubClient client, string backbone)
    {
        HubPlan plan = await client.PlanAsync(ModelName.Parse(Second), Stop);
        return await StreamCopy.PrepareAsync(_store, client, plan, backbone, _notes.Add, null, Stop);
    }

    private HubOptions Options => new()
    {
        CacheFolder = _folder.File("cache"),
        Endpoint = _hub.Endpoint,
        Environment = new HubEnvironment(_ => null),
        Offline = false,
        Wait = (_, _) => Task.CompletedTask,
    };

    private HubClient Client() => new(Options);

    // As the published ones are: whole models in shards, whose backbones have equal bytes.
    private void Publish(string name, int streams, int backboneSeed, CheckpointConfig? backbone = null)
    {
        string folder = _folder.File(name);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        CheckpointConfig config = CheckpointConfig.Create((backbone ?? Backbone).Model, new StreamConfig(streams, 5, 0.1));
        RandomCheckpoint.Write(folder, config, seed: streams, sharded: true, change: (tensor, values) =>
        {
            if (ModelTensors.IsOfStreams(tensor)) return;
            var random = new Random(backboneSeed + 1000 * tensor.Sum(letter => letter));
            for (int i = 0; i < values.Length; i++) values[i] = (float)(random.NextDouble() - 0.5) / 4 + (tensor.Contains("norm", StringComparison.Ordinal) ? 1 : 0);
        });
        TinyTokenizer.Write(folder);
        _hub.Add(name, seed: streams).AddFolder(folder);
    }

    private static float[] Last(LanguageModel model, StreamChoice? streams = null) => model.Logits(Tokens, streams, Stop).Last;
}
