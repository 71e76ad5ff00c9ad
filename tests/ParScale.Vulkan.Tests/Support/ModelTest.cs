using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>A test of whole models on the device. What they recorded must be in order, and they give back all they took.</summary>
public abstract class ModelTest : DeviceTest
{
    private readonly TempFolder _folder = new();
    private readonly long _bytes;

    protected ModelTest(TestDevice test) : base(test)
    {
        Shared = new SharedDevice(Device);
        _bytes = Device.Memory.Bytes;
    }

    internal SharedDevice Shared { get; }

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public override void Dispose()
    {
        _folder.Dispose();
        Assert.Equal(_bytes, Device.Memory.Bytes);
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    internal string Folder(string name) => _folder.File(name);

    internal LanguageModel Load(string folder, LoadOptions? options = null) => LanguageModel.Load(folder, (options ?? new LoadOptions()) with { Device = Shared });

    /// <summary>Looks at all that the model recorded that was loaded last.</summary>
    internal void CheckRecorded()
    {
        Assert.NotEmpty(Shared.Last!.Recorded);
        foreach (Recording part in Shared.Last.Recorded.SelectMany(pass => pass.Parts))
        {
            Check(part);
            // Each of the barriers is needed, and missing ones are found. The first command waits for other recordings.
            for (int removed = 1; removed < part.Log.Count; removed++)
                if (part.Log[removed].Waits)
                    Assert.NotEmpty(CommandOrder.Races([.. part.Log.Select((command, i) => i == removed ? command with { Waits = false } : command)]));
        }
    }

    /// <summary>The logits [S][V] of a session that takes the tokens in portions.</summary>
    internal static float[][] Logits(LanguageModel model, int[] tokens, int[] portions, StreamChoice? streams = null)
    {
        var all = new List<float[]>();
        using Session session = model.CreateSession(tokens.Length, streams);
        foreach (int portion in portions) session.Append(tokens.AsSpan(session.Position, portion), (_, logits) => all.Add(logits.ToArray()), Stop);
        return [.. all];
    }

    /// <summary>The logits [S * V] with the streams that run at each token.</summary>
    internal static float[] LogitsOf(LanguageModel model, int[] tokens, ulong[] active, params int[] portions)
    {
        var all = new List<float>();
        using Session session = model.CreateSession(tokens.Length);
        foreach (int portion in portions)
            session.Append(tokens.AsSpan(session.Position, portion), active.AsSpan(session.Position, portion), (_, logits) => all.AddRange(logits.ToArray()), Stop);
        return [.. all];
    }

    /// <summary>The anchor and any helpers for each of some tokens.</summary>
    internal static ulong[] Chosen(int tokens, int streams, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, tokens).Select(_ => 1UL | (ulong)random.Next(1 << (streams - 1)) << 1)];
    }

    internal static int[] Tokens(int count, int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>Fails where logits differ by more than a share of the largest one.</summary>
    internal static void Near(double[] expected, float[] actual, double allowed, string what) =>
        Close([.. expected.Select(value => (float)value)], actual, allowed, what);
}
