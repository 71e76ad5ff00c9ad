using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>A driver that allows only small buffers: requests are sized by that, and what does not fit is refused before anything is taken.</summary>
public sealed class LargestBufferTests(TestDevice test) : ModelTest(test)
{
    private const long Largest = 512 << 10;

    private const int Positions = 20_000;

    private static readonly GenerationOptions Endless = new() { Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };

    private readonly TestDevice _test = test;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_request_without_a_limit_takes_what_one_buffer_holds(bool leavesRoom)
    {
        using VulkanDevice device = Limited(Largest);
        using LanguageModel model = Sequences(device);
        GenerationOptions options = new GenerationConfig { MaxNewTokens = Positions - 10 }.Over(Endless) with { LeavesRoom = leavesRoom };
        Assert.NotEmpty(model.GenerateAsync(new[] { 1, 2, 3 }, options, Stop).ToBlockingEnumerable(Stop).Take(1));
    }

    [Fact]
    public void KV_01_a_sequence_that_no_buffer_holds_is_refused_with_both_numbers()
    {
        using VulkanDevice device = Limited(Largest);
        using LanguageModel model = Sequences(device);
        void Refused(Action ask)
        {
            var refused = Assert.Throws<ParScaleException>(ask);
            Assert.Equal(("KV-01", ErrorKind.NotEnoughMemory), (refused.Code, refused.Kind));
            Assert.Contains("one sequence may take at most 512 KiB", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("--kv-memory", refused.Message, StringComparison.Ordinal);
        }
        Refused(() => model.CreateSession(Positions));
        Refused(() => model.GenerateAsync(new[] { 1, 2, 3 }, Endless with { MaxNewTokens = Positions - 10 }, Stop));
        model.CreateSession(100).Dispose();
    }

    [Fact]
    public void VK_07_a_matrix_that_no_buffer_holds_is_refused_before_anything_is_taken()
    {
        const int vocabulary = 2016, hidden = 512, bytes = vocabulary * hidden * sizeof(float);
        RandomCheckpoint.Write(Folder("wide"), RandomCheckpoint.Config(1, hidden: hidden, vocabulary: vocabulary, layers: 1), seed: 5);
        using (VulkanDevice enough = Limited(bytes))
            LanguageModel.Load(Folder("wide"), new LoadOptions { Device = new SharedDevice(enough) }).Dispose();
        using VulkanDevice device = Limited(bytes - DeviceMemory.Alignment);
        var refused = Assert.Throws<ParScaleException>(() => LanguageModel.Load(Folder("wide"), new LoadOptions { Device = new SharedDevice(device) }));
        Assert.Equal(("VK-07", ErrorKind.NotEnoughMemory), (refused.Code, refused.Kind));
        Assert.Contains("largest matrix takes 4032 KiB, the driver allows 4031 KiB", refused.Message, StringComparison.Ordinal);
    }

    private VulkanDevice Limited(long largest) => new(_test.Instance, Device.Description with { LargestAllocation = largest });

    private LanguageModel Sequences(VulkanDevice device)
    {
        RandomCheckpoint.Write(Folder("long"), RandomCheckpoint.Config(2, maxPositions: Positions), seed: 5);
        return LanguageModel.Load(Folder("long"), new LoadOptions { Device = new SharedDevice(device) });
    }
}
