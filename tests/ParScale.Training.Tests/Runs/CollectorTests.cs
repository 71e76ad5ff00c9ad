using ParScale.Training.Commands;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Runs;

/// <summary>
/// A run inside another program disposes every tensor it made: the memory of those that it forgot would come back whenever the
/// collector happens to look.
/// </summary>
public sealed class CollectorTests
{
    private const long MostManaged = 200 << 20;

    [Theory]
    [InlineData("--streams", "1")]
    [InlineData("--streams", "3", "--sample-prompt", "the", "--decorrelate", "0.5", "--accumulate", "2")]
    [InlineData("--streams", "2", "--compute", "bf16", "--activation-checkpointing", "true", "--dropout", "0.1")]
    [InlineData("--streams", "2", "--prefix-mlp", "6", "--save-every", "4")]
    public void A_run_from_scratch_leaves_no_tensor_to_the_collector(params string[] flags)
    {
        using var folder = new TempFolder();
        string[] words = Samples.Run(folder, "run", [.. flags.Chunk(2).Select(pair => (pair[0], pair[1]))]);
        Assert.Equal(0, LeftBy(words));
        Directory.Delete(folder.File("run/final"), recursive: true);
        Directory.Delete(folder.File("run/checkpoint-12"), recursive: true);
        Assert.Equal(0, LeftBy([.. words, "--resume"]));
    }

    [Fact]
    public void Streams_on_another_model_and_a_conversion_leave_none_either()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, LeftBy(Samples.Run(folder, "plain", ("--streams", "1"))));
        string plain = folder.File("plain/final");
        string[] from = ["train", .. Samples.Inputs(folder), "--from", plain, "--steps", "3", "--warmup", "0", "--context", "16", "--batch", "4", "--threads", "1"];
        Assert.Equal(0, LeftBy([.. from, "--streams", "2", "-o", folder.File("all")]));
        Assert.Equal(0, LeftBy([.. from, "--streams", "2", "--train", "streams", "-o", folder.File("addon")]));
        Assert.Equal(0, LeftBy(["convert", "-m", plain, "-o", folder.File("keep"), "--data", folder.File("text.txt"), "--data-tokens", "200"]));
        Assert.Equal(0, LeftBy(["convert", "-m", plain, "-o", folder.File("paper"), "--init", "paper"]));
        Assert.Equal(0, LeftBy(["convert", "-m", folder.File("addon/final"), "-o", folder.File("whole"), "--merge"]));
    }

    [Fact]
    public void The_tests_above_would_see_one()
    {
        Assert.Equal(1, CollectedAfter(() => Forget()));

        static void Forget() => ones(3);
    }

    private static long LeftBy(string[] words) => CollectedAfter(() => Assert.Equal(0, CommandLine.Run(words)));

    /// <summary>
    /// How many tensors the collector frees after <paramref name="work"/>. What TorchSharp counts beside them, the empty shells that
    /// parameters were made of, is never taken off its count and holds nothing.
    /// </summary>
    private static long CollectedAfter(Action work)
    {
        Collect();
        Assert.True(GC.TryStartNoGCRegion(MostManaged));
        work();
        long before = Tensor.TotalCount;
        GC.EndNoGCRegion();
        Collect();
        return before - Tensor.TotalCount;
    }

    private static void Collect()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
