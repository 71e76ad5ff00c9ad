namespace ParScale.Server.Tests;

/// <summary>Waits for what a server does after it has answered.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a condition holds; fails with what is so otherwise when it does not hold for a minute.</summary>
    public static async Task Is(Func<bool> isSo, string otherwise)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, otherwise);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
