using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Generation;

namespace ParScale.Tests.Engine;

/// <summary>A request that fails, is cancelled or left takes nobody with it, and its memory comes back.</summary>
public class FaultTests
{
    private const int Rounds = 200;

    [Fact]
    public async Task Only_the_one_that_fails_fails()
    {
        using var models = new EngineModel(options: new LoadOptions { ReusePrefixes = false });
        models.Model.AddStreams(Damaged(models), "damaged");
        string[] alone = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => EngineModel.Run(models.Model, number)));
        for (int round = 0; round < Rounds; round++)
        {
            var random = new Random(round);
            int[] numbers = [.. Enumerable.Range(0, 3).Select(_ => random.Next(alone.Length))];
            Task<string>[] sound = [.. numbers.Select(number => EngineModel.Run(models.Model, number))];
            Task fault = (round % 4) switch
            {
                0 => Assert.ThrowsAsync<InvalidTimeZoneException>(() => Task.Run(() => ThrowingVisitor(models.Model, random.Next(12)), TestContext.Current.CancellationToken)),
                1 => Assert.ThrowsAsync<ParScaleException>(() => Damaged(models.Model)),
                2 => Assert.ThrowsAnyAsync<OperationCanceledException>(() => Cancelled(models.Model, random.Next(3))),
                _ => Left(models.Model, random.Next(5)),
            };
            await fault;
            Assert.Equal(numbers.Select(number => alone[number]), await Task.WhenAll(sound));
        }
        Assert.Equal(0, await Settled(models.Model));
    }

    [Fact]
    public async Task Dispose_ends_what_is_in_flight()
    {
        for (int round = 0; round < 20; round++)
        {
            using var models = new EngineModel();
            Task<string>[] running = [.. Enumerable.Range(0, 8).Select(number => EngineModel.Run(models.Model, number, cancellationToken: TestContext.Current.CancellationToken))];
            Task scoring = Task.Run(() => models.Model.Score(Enumerable.Range(0, 100).ToArray(), null, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
            await Task.Delay(round, TestContext.Current.CancellationToken);
            models.Model.Dispose();
            foreach (Task task in running.Append<Task>(scoring))
            {
                // Whoever was done before has an answer, the others hear of it; nobody waits.
                Exception? ended = await Record.ExceptionAsync(() => task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
                Assert.True(ended is null or ObjectDisposedException, ended?.ToString());
            }
            Assert.Throws<ObjectDisposedException>(() => models.Model.CreateSession(3));
            await Assert.ThrowsAsync<ObjectDisposedException>(() => EngineModel.Run(models.Model, 1, cancellationToken: TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public void A_visitor_may_dispose_the_model_but_not_run_it()
    {
        using var models = new EngineModel();
        using Session session = models.Model.CreateSession(5), other = models.Model.CreateSession(5);
        Assert.Throws<InvalidOperationException>(() => session.Append([1], (_, _) => other.Append([2]), TestContext.Current.CancellationToken));
        Assert.Equal((0, 0), (session.Position, other.Position));
        session.Append([1, 2], (_, _) => models.Model.Dispose(), TestContext.Current.CancellationToken);
        Assert.Equal(EngineModel.Vocabulary, session.Append([3], TestContext.Current.CancellationToken).Length);
    }

    [Fact]
    public void A_visitor_cannot_change_the_session_that_calls_it()
    {
        using var models = new EngineModel();
        using Session session = models.Model.CreateSession(40), straight = models.Model.CreateSession(40);
        int[] tokens = [.. Enumerable.Range(0, 20)];
        float[] expected = straight.Append(tokens, TestContext.Current.CancellationToken).ToArray(), last = [];
        session.Append(tokens, (position, logits) =>
        {
            Assert.Throws<InvalidOperationException>(() => session.Append([1], TestContext.Current.CancellationToken));
            Assert.Throws<InvalidOperationException>(() => session.Rewind(0));
            Assert.Throws<InvalidOperationException>(() => session.Fork());
            Assert.Throws<InvalidOperationException>(session.Dispose);
            if (position == tokens.Length - 1) last = logits.ToArray();
        }, TestContext.Current.CancellationToken);
        Assert.Equal(tokens.Length, session.Position);
        Assert.Equal(expected, last);
    }

    [Fact]
    public async Task Cancelling_while_waiting_for_room_ends_the_wait()
    {
        using var models = new EngineModel();
        using LanguageModel tight = models.Load(new LoadOptions { KvMemory = 500_000 });
        using Session holder = tight.CreateSession(100, streams: 4);
        using var cancel = new CancellationTokenSource();
        var options = new GenerationOptions { MaxNewTokens = 100, Streams = 4 };
        Task waiting = Task.Run(async () =>
        {
            await foreach (GeneratedPiece _ in tight.GenerateAsync(new[] { 1 }, options, cancel.Token)) Assert.Fail("there was no room");
        }, TestContext.Current.CancellationToken);
        Task waitingToo = Task.Run(() => tight.Logits(new int[100], 4, cancel.Token), TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted || waitingToo.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waitingToo);
    }

    // Requests that leave give their memory back a moment after their readers are gone.
    private static async Task<long> Settled(LanguageModel model)
    {
        for (int i = 0; i < 200 && model.KvMemoryInUse > 0; i++) await Task.Delay(10);
        return model.KvMemoryInUse;
    }

    private static void ThrowingVisitor(LanguageModel model, int at)
    {
        using Session session = model.CreateSession(20, streams: 4);
        session.Append([5, 6]);
        try
        {
            session.Append(new int[12], (position, _) =>
            {
                if (position == 2 + at) throw new InvalidTimeZoneException();
            });
        }
        finally
        {
            Assert.Equal(2, session.Position);
        }
    }

    private static async Task Damaged(LanguageModel model)
    {
        var options = new GenerationOptions { Streams = "damaged" };
        await foreach (GeneratedPiece _ in model.GenerateAsync(new[] { 1, 2, 3 }, options)) Assert.Fail("a NaN gave text");
    }

    private static async Task Cancelled(LanguageModel model, int after)
    {
        using var cancel = new CancellationTokenSource();
        if (after == 0) cancel.CancelAfter(1);
        int count = 0;
        var options = new GenerationOptions { MaxNewTokens = 1_000_000, Streams = 2, ContextShift = true, IgnoreEndOfText = true };
        await foreach (GeneratedPiece _ in model.GenerateAsync(new int[50], options, cancel.Token))
            if (++count == after) await cancel.CancelAsync();
    }

    private static async Task Left(LanguageModel model, int after)
    {
        int count = 0;
        var options = new GenerationOptions { MaxNewTokens = 1_000_000, Streams = 4, ContextShift = true, IgnoreEndOfText = true };
        await foreach (GeneratedPiece _ in model.GenerateAsync(new int[30], options))
            if (count++ == after) break;
    }

    // An add-on with a NaN among its learned keys.
    private static string Damaged(EngineModel models)
    {
        string folder = models.AddOn(3), weights = Path.Combine(folder, "model.safetensors");
        RandomCheckpoint.WriteAddOn(folder, models.Plain, new StreamConfig(3, 6, 0.1), seed: 3);
        long offset;
        using (SafetensorsFile file = SafetensorsFile.Open(weights)) offset = file.Tensors["model.layers.1.self_attn.prefix_k"].Offset;
        using FileStream stream = File.OpenWrite(weights);
        stream.Position = offset + 28;
        stream.Write(BitConverter.GetBytes(float.NaN));
        return folder;
    }
}
