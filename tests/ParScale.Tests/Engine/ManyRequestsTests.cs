using ParScale.Generation;
using ParScale.Kernels.Formats;

namespace ParScale.Tests.Engine;

/// <summary>Requests that join and leave at random, each held against its solo run to the last bit.</summary>
public class ManyRequestsTests
{
    private const int Requests = 64;

    public static TheoryData<WeightDtype, KvDtype> Types => new()
    {
        { WeightDtype.F32, KvDtype.F32 },
        { WeightDtype.Bf16, KvDtype.Q8 },
        { WeightDtype.Q8, KvDtype.Bf16 },
        { WeightDtype.Q4, KvDtype.Q8 },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Sixty_four_at_once_equal_their_solo_runs(WeightDtype type, KvDtype cache)
    {
        using var models = new EngineModel(type, new LoadOptions { KvDtype = cache, ReusePrefixes = false });
        string[] alone = await Alone(models, prefixes: 0);
        Assert.Equal(alone, await Together(models.Model, prefixes: 0));
        Assert.Equal(0, models.Model.KvMemoryInUse);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Reused_prefixes_change_nothing(WeightDtype type, KvDtype cache)
    {
        using var models = new EngineModel(type, new LoadOptions { KvDtype = cache });
        string[] alone = await Alone(models, prefixes: 3);
        for (int round = 0; round < 3; round++) Assert.Equal(alone, await Together(models.Model, prefixes: 3));
        Assert.True(models.Model.KvMemoryInUse > 0, "nothing was kept for reuse");
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Those_who_leave_do_not_touch_those_who_stay(WeightDtype type, KvDtype cache)
    {
        using var models = new EngineModel(type, new LoadOptions { KvDtype = cache });
        string[] alone = await Alone(models, prefixes: 3);
        string?[] found = await Task.WhenAll(Enumerable.Range(0, Requests).Select(async number =>
        {
            var random = new Random(-number);
            await Task.Delay(random.Next(60), TestContext.Current.CancellationToken);
            using var leave = new CancellationTokenSource();
            if (number % 3 == 0) leave.CancelAfter(random.Next(30));
            try
            {
                return await EngineModel.Run(models.Model, number, prefixes: 3, leave.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }));
        Assert.All(found.Select((text, number) => (text, number)), item => Assert.True(item.text is null ? item.number % 3 == 0 : item.text == alone[item.number]));
    }

    [Fact]
    public async Task A_budget_that_holds_few_gives_the_same_answers()
    {
        using var models = new EngineModel();
        string[] alone = await Alone(models, prefixes: 3);
        // Room for about three sequences of P = 4.
        using LanguageModel tight = models.Load(new LoadOptions { KvMemory = 2_000_000 });
        for (int round = 0; round < 2; round++) Assert.Equal(alone, await Together(tight, prefixes: 3));
        Assert.InRange(tight.KvMemoryInUse, 0, 500_000);
    }

    [Fact]
    public async Task Requests_that_run_at_the_same_time_share_every_pass()
    {
        using var models = new EngineModel();
        using Session gate = models.Model.CreateSession(1);
        using ManualResetEventSlim inside = new(), open = new();
        // While a visitor holds the engine, the others gather.
        Task held = Task.Run(() => gate.Append([1], (_, _) =>
        {
            inside.Set();
            open.Wait();
        }, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        inside.Wait(TestContext.Current.CancellationToken);
        Task[] all = [.. Enumerable.Range(0, 16).Select(async i =>
        {
            var options = new GenerationOptions { MaxNewTokens = 20, Streams = 1 << i % 3, IgnoreEndOfText = true };
            await foreach (GeneratedPiece _ in models.Model.GenerateAsync(new[] { i }, options, TestContext.Current.CancellationToken)) { }
        })];
        open.Set();
        await Task.WhenAll([held, .. all]);
        Assert.Equal(1 + 20, models.Model.Engine.Statistics.Passes);
    }

    private static async Task<string[]> Alone(EngineModel models, int prefixes)
    {
        using LanguageModel fresh = models.Load(new LoadOptions { Dtype = models.Model.Dtype, KvDtype = models.Model.KvDtype, ReusePrefixes = false, Threads = 1 });
        var alone = new string[Requests];
        for (int number = 0; number < Requests; number++) alone[number] = await EngineModel.Run(fresh, number, prefixes, TestContext.Current.CancellationToken);
        return alone;
    }

    private static Task<string[]> Together(LanguageModel model, int prefixes) => Task.WhenAll(Enumerable.Range(0, Requests).Select(async number =>
    {
        await Task.Delay(Random.Shared.Next(50), TestContext.Current.CancellationToken);
        return await EngineModel.Run(model, number, prefixes, TestContext.Current.CancellationToken);
    }));
}
