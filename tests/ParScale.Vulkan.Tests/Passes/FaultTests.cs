using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>Devices that stop, are too small or not there: one line each, and nobody waits for ever.</summary>
public class FaultTests(TestDevice test) : ModelTest(test)
{
    private readonly TestDevice _test = test;

    [Fact]
    public async Task A_device_that_does_not_answer_ends_every_request_with_one_error()
    {
        // What a device works on cannot be freed: this one is left to the end of the process.
        VulkanInstance instance = VulkanInstance.TryOpen(out _)!;
        var device = new VulkanDevice(instance, instance.Devices[Device.Description.Index]);
        LanguageModel model = LanguageModel.Load(Write(), new LoadOptions { Device = new SharedDevice(device) });
        Assert.Equal(3, Generate(model, 3).Count);
        device.Patience = TimeSpan.Zero;
        ParScaleException[] failures = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Assert.Throws<ParScaleException>(() => Generate(model, 100)), Stop)))
            .WaitAsync(TimeSpan.FromMinutes(1), Stop);
        Assert.All(failures, failure => Assert.Equal(("VK-06", ErrorKind.Io), (failure.Code, failure.Kind)));
        // Later ones hear at once, however long a device may take.
        device.Patience = TimeSpan.FromDays(1);
        Assert.Equal("VK-06", Assert.Throws<ParScaleException>(() => Generate(model, 1)).Code);
        Assert.True(device.Hangs);
        model.Dispose();
    }

    [Theory]
    [InlineData(FaultyDriver.Wait, Result.ErrorOutOfHostMemory)]
    [InlineData(FaultyDriver.Wait, Result.ErrorOutOfDeviceMemory)]
    [InlineData(FaultyDriver.Reset, Result.ErrorOutOfDeviceMemory)]
    public void VK_06_a_device_that_cannot_be_waited_for_is_not_used_again(string refused, Result answer)
    {
        // It is left to the end of the process, as above.
        var driver = new FaultyDriver();
        VulkanInstance instance = VulkanInstance.TryOpen(driver, out _)!;
        var device = new VulkanDevice(instance, instance.Devices[Device.Description.Index]);
        LanguageModel model = LanguageModel.Load(Write(), new LoadOptions { Device = new SharedDevice(device) });
        Assert.Equal(3, Generate(model, 3).Count);
        int failures = 1;
        driver.Answer = call => call == refused && failures-- > 0 ? answer : null;
        var failure = Assert.Throws<ParScaleException>(() => Generate(model, 3));
        Assert.Equal(("VK-06", ErrorKind.Io, true), (failure.Code, failure.Kind, failure.IsDeviceLost));
        Assert.Contains($"did not answer ({answer})", failure.Message, StringComparison.Ordinal);
        Assert.True(device.Hangs);
        // Its commands may still be under way: no others follow.
        Assert.Equal("VK-06", Assert.Throws<ParScaleException>(() => Generate(model, 1)).Code);
        model.Dispose();
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_both_numbers()
    {
        DeviceDescription small = Device.Description with { MemoryBudget = 100 << 10 };
        using var device = new VulkanDevice(_test.Instance, small);
        var refused = Assert.Throws<ParScaleException>(() => LanguageModel.Load(Write(), new LoadOptions { Device = new SharedDevice(device) }));
        Assert.Equal(("VK-07", ErrorKind.NotEnoughMemory), (refused.Code, refused.Kind));
        Assert.Matches("take [0-9]+ KiB, 100 KiB are left", refused.Message);
        Assert.Equal(0, device.Memory.Bytes);
    }

    [Fact]
    public void A_model_fits_to_the_byte()
    {
        string folder = Write();
        bool Fits(long budget, out string why)
        {
            using var device = new VulkanDevice(_test.Instance, Device.Description with { MemoryBudget = budget });
            why = "";
            try
            {
                LanguageModel.Load(folder, new LoadOptions { Device = new SharedDevice(device) }).Dispose();
                return true;
            }
            catch (ParScaleException refused) when (refused.Code == "VK-07")
            {
                why = refused.Message;
                Assert.Equal(0, device.Memory.Bytes);
                return false;
            }
        }
        (long refused, long fits) = (0, 64 << 20);
        Assert.True(Fits(fits, out _));
        while (fits - refused > 1)
        {
            long middle = (refused + fits) / 2;
            if (Fits(middle, out _)) fits = middle;
            else refused = middle;
        }
        // Short by a byte: the two numbers differ all the same.
        Assert.False(Fits(refused, out string line));
        long[] sizes = [.. System.Text.RegularExpressions.Regex.Matches(line, "([0-9]+) [KM]iB").Select(size => long.Parse(size.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(2, sizes.Length);
        Assert.True(sizes[0] > sizes[1], line);
    }

    [Fact]
    public void Devices_that_are_not_there_are_refused()
    {
        var refused = Assert.Throws<ParScaleException>(() => VulkanDevices.Open(1000));
        Assert.Equal(("VK-09", ErrorKind.Usage), (refused.Code, refused.Kind));
        DeviceDescription old = Device.Description with { Missing = ["bufferDeviceAddress"] };
        var lacking = Assert.Throws<ParScaleException>(() => VulkanDevice.Require(old));
        Assert.Equal("VK-04", lacking.Code);
        Assert.Contains("lacks bufferDeviceAddress", lacking.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_that_shaders_have_no_room_for_are_refused_by_what_is_too_large()
    {
        ModelConfig model = RandomCheckpoint.Config(1).Model;
        void Refused(ModelConfig large, string what)
        {
            var refused = Assert.Throws<ParScaleException>(() => Supported.Require(Device.Description, large));
            Assert.Equal(("VK-05", ErrorKind.Usage), (refused.Code, refused.Kind));
            Assert.Contains(what, refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused.Message);
        }
        LayerConfig Block(int width, ExpertsConfig? experts) =>
            model.Layers[0] with { FeedForward = model.Layers[0].FeedForward with { Width = width, Experts = experts } };
        Supported.Require(Device.Description, model);
        Refused(model with { HeadSize = 514 }, "heads of more than 512");
        Refused(model with { VocabularySize = 600_000 }, "524280 tokens");
        Refused(model with { HeadSize = 512, AttentionHeads = 1020 }, "queries, keys and values");
        Refused(model with { Layers = [Block(300_000, null)] }, "feed-forward blocks wider");
        Refused(model with { Layers = [Block(8, new ExpertsConfig { Count = 513, Chosen = 2 })] }, "512 experts");
        Refused(model with { Layers = [model.Layers[0], Block(8, new ExpertsConfig { Count = 64, Chosen = 13 })] }, "12 experts for each token");
    }

    [Fact]
    public void A_software_driver_is_never_found_as_hardware()
    {
        IReadOnlyList<ComputeDevice> found = VulkanDevices.FindHardware();
        Assert.Equal(_test.Instance.Devices.Count(device => device.Missing.Count == 0 && device.Kind > DeviceKind.Software), found.Count);
        Assert.StartsWith("vulkan:", VulkanDevices.Open().Name, StringComparison.Ordinal);
    }

    private static List<int> Generate(LanguageModel model, int count)
    {
        var options = new GenerationOptions { MaxNewTokens = count, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };
        return [.. model.GenerateAsync(new[] { 1, 2, 3 }, options, Stop).ToBlockingEnumerable(Stop).Select(piece => piece.TokenId).OfType<int>()];
    }

    private string Write()
    {
        RandomCheckpoint.Write(Folder("model"), RandomCheckpoint.Config(2, maxPositions: 200), seed: 5);
        return Folder("model");
    }
}
