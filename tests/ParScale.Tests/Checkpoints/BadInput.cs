namespace ParScale.Tests.Checkpoints;

/// <summary>What every error about an input file must be: typed, one line, naming the culprit, and cheap.</summary>
internal static class BadInput
{
    private const int LongestMessage = 1000;

    public static ParScaleException Expect(string code, Action action, params ReadOnlySpan<string> named) =>
        Expect(ErrorKind.BadInput, code, action, long.MaxValue, named);

    /// <summary>The same, and the action may allocate at most <paramref name="allocation"/> bytes.</summary>
    public static ParScaleException Expect(
        ErrorKind kind, string code, Action action, long allocation, params ReadOnlySpan<string> named)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ParScaleException>(action);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(error.Code == code, $"expected {code}, got {error.Code}: {error.Message}");
        Assert.Equal(kind, error.Kind);
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.InRange(error.Message.Length, 1, LongestMessage);
        foreach (string name in named) Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, allocation);
        return error;
    }
}
