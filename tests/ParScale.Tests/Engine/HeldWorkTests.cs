using ParScale.Engine;
using ParScale.Generation;
using ParScale.Model;

namespace ParScale.Tests.Engine;

/// <summary>Work that cannot go on after its logits, because something that it needs is made elsewhere, holds nobody else up.</summary>
public sealed class HeldWorkTests
{
    [Fact]
    public async Task Others_run_while_one_is_held()
    {
        using var models = new EngineModel();
        var held = new HeldWork(models.Model.Streams, CancellationToken.None);
        models.Model.Engine.Submit(held);
        while (!held.IsHeld) await Task.Delay(1, TestContext.Current.CancellationToken);
        Assert.Equal(10, await Generate(models.Model, 10));
        // All that is left waits for somebody else: nobody runs passes, and nobody spins.
        long passes = models.Model.Engine.Statistics.Passes;
        Assert.Equal(1, models.Model.Engine.Statistics.Running);
        Assert.False(held.Ended);
        held.Release();
        Assert.True(held.Wait(10_000));
        held.ThrowIfFailed();
        Assert.Equal((1, passes), (held.Resumed, models.Model.Engine.Statistics.Passes));
        Assert.Equal(0, models.Model.Engine.Statistics.Running);
        Assert.Equal(5, await Generate(models.Model, 5));
    }

    [Fact]
    public async Task Who_is_held_and_cancelled_leaves()
    {
        using var models = new EngineModel();
        using var cancel = new CancellationTokenSource();
        var held = new HeldWork(models.Model.Streams, cancel.Token);
        models.Model.Engine.Submit(held);
        while (!held.IsHeld) await Task.Delay(1, TestContext.Current.CancellationToken);
        await cancel.CancelAsync();
        models.Model.Engine.Kick();
        Assert.True(held.Wait(10_000));
        Assert.Throws<OperationCanceledException>(held.ThrowIfFailed);
        held.Release();
        Assert.Equal(0, held.Resumed);
        Assert.Equal(0, models.Model.Engine.Statistics.Running);
    }

    [Fact]
    public async Task What_fails_when_it_is_resumed_fails_alone()
    {
        using var models = new EngineModel();
        var held = new HeldWork(models.Model.Streams, CancellationToken.None) { Failure = new InvalidOperationException("broken") };
        models.Model.Engine.Submit(held);
        while (!held.IsHeld) await Task.Delay(1, TestContext.Current.CancellationToken);
        Task<int> other = Generate(models.Model, 30);
        held.Release();
        Assert.True(held.Wait(10_000));
        Assert.Equal("broken", Assert.Throws<InvalidOperationException>(held.ThrowIfFailed).Message);
        Assert.Equal(30, await other);
    }

    private static async Task<int> Generate(LanguageModel model, int tokens)
    {
        int count = 0;
        var options = new GenerationOptions { MaxNewTokens = tokens, IgnoreEndOfText = true };
        await foreach (GeneratedPiece piece in model.GenerateAsync(new[] { 1, 2 }, options, TestContext.Current.CancellationToken)) count += piece.TokenId is null ? 0 : 1;
        return count;
    }

    /// <summary>Runs three tokens, and then waits to be released.</summary>
    private sealed class HeldWork(StreamSet set, CancellationToken cancellation) : Work([set], cancellation)
    {
        private static readonly int[] Tokens = [1, 2, 3];
        private int _read;
        private volatile bool _isHeld, _isReleased, _isComplete;

        public bool IsHeld => _isHeld;

        public int Resumed { get; private set; }

        public Exception? Failure { get; init; }

        public override int Capacity => Tokens.Length;

        public override ReadOnlySpan<int> Pending => Tokens.AsSpan(_read);

        public override bool IsComplete => _isComplete;

        public override bool CanResume => _isHeld && _isReleased;

        public override int Wanted(int count) => _read + count == Tokens.Length ? 1 : 0;

        public override void Advance(int count) => _read += count;

        public override void Take(int position, ReadOnlySpan<float> logits) => _isHeld = true;

        public override void Resume()
        {
            (_isHeld, Resumed) = (false, Resumed + 1);
            if (Failure is not null) throw Failure;
            _isComplete = true;
        }

        public void Release()
        {
            _isReleased = true;
            Wake();
        }
    }
}
