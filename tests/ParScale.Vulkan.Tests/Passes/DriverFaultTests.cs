using ParScale.Generation;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>What a driver answers in the middle of a run: each request under way fails with one line, all is given back, and what can go on does.</summary>
public sealed class DriverFaultTests(TestDevice test) : ModelTest(test)
{
    // Tokens of a sequence that no slab has room for.
    private const int Requests = 6, Positions = 400_000;

    [Fact]
    public async Task VK_01_a_lost_device_ends_every_request_with_one_error()
    {
        using var faulty = new FaultyDevice(Device.Description);
        using (LanguageModel model = Load(faulty))
        {
            Assert.Equal(3, Generate(model, 3).Count);
            int submitted = 0;
            faulty.Driver.Answer = call => call == FaultyDriver.Submit && Interlocked.Increment(ref submitted) > 20 ? Result.ErrorDeviceLost : null;
            ParScaleException[] failures = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => Task.Run(() => Assert.Throws<ParScaleException>(() => Generate(model, 100)), Stop)))
                .WaitAsync(TimeSpan.FromMinutes(1), Stop);
            Assert.All(failures, failure => Assert.Equal(("VK-01", ErrorKind.Io, true), (failure.Code, failure.Kind, failure.IsDeviceLost)));
            Assert.All(failures, failure => Assert.Contains("(QueueSubmit)", failure.Message, StringComparison.Ordinal));
            // Later ones hear the same, and the driver is not asked.
            submitted = 0;
            Assert.Equal("VK-01", Assert.Throws<ParScaleException>(() => Generate(model, 1)).Code);
            Assert.Equal(0, submitted);
        }
        faulty.Driver.Answer = _ => null;
        using var anew = new FaultyDevice(Device.Description);
        using LanguageModel again = Load(anew);
        Assert.Equal(3, Generate(again, 3).Count);
    }

    [Fact]
    public void VK_01_a_device_that_is_lost_while_it_computes_has_the_name_of_the_wait()
    {
        using var faulty = new FaultyDevice(Device.Description);
        using LanguageModel model = Load(faulty);
        faulty.Driver.Answer = call => call == FaultyDriver.Wait ? Result.ErrorDeviceLost : null;
        var lost = Assert.Throws<ParScaleException>(() => Generate(model, 1));
        Assert.Equal("VK-01", lost.Code);
        Assert.Contains("(WaitForFences)", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VK_02_a_driver_without_memory_for_a_sequence_fails_that_one()
    {
        using var faulty = new FaultyDevice(Device.Description);
        using LanguageModel model = Load(faulty);
        List<int> expected = Generate(model, 3);
        faulty.Driver.Answer = call => call == FaultyDriver.Allocate ? Result.ErrorOutOfDeviceMemory : null;
        // Its keys and values need an allocation of their own; those of short ones do not.
        var refused = Assert.Throws<ParScaleException>(() => Pieces(model, Positions - 10).First());
        Assert.Equal(("VK-02", ErrorKind.NotEnoughMemory), (refused.Code, refused.Kind));
        Assert.Contains("(AllocateMemory)", refused.Message, StringComparison.Ordinal);
        Assert.Equal(expected, Generate(model, 3));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Finished_sequences_make_way_where_the_driver_has_less_memory_than_was_left(int firstToken)
    {
        using var faulty = new FaultyDevice(Device.Description);
        using LanguageModel model = Load(faulty);
        Reserve(model, 1);
        long one = model.KvMemoryInUse, full = faulty.Device.Memory.Bytes;
        Assert.True(one > 0);
        // Another process took what a second one would need.
        faulty.Driver.Answer = call => call == FaultyDriver.Allocate && faulty.Device.Memory.Bytes >= full ? Result.ErrorOutOfDeviceMemory : null;
        // One that would begin with what was kept, and one that would not.
        Reserve(model, firstToken);
        Assert.Equal(one, model.KvMemoryInUse);
        using Session session = model.CreateSession(Positions);
        // What is in use does not make way.
        Assert.Equal("VK-02", Assert.Throws<ParScaleException>(() => model.CreateSession(Positions)).Code);
    }

    [Fact]
    public void VK_02_a_driver_without_memory_refuses_a_model_and_everything_is_given_back()
    {
        using var faulty = new FaultyDevice(Device.Description);
        string folder = Write();
        // Wherever it ends: at each allocation in turn, until the model loads.
        for (int allowed = 0; ; allowed++)
        {
            int left = allowed;
            faulty.Driver.Answer = call => call == FaultyDriver.Allocate && left-- <= 0 ? Result.ErrorOutOfDeviceMemory : null;
            try
            {
                LanguageModel.Load(folder, new LoadOptions { Device = new SharedDevice(faulty.Device) }).Dispose();
                Assert.True(allowed > 1);
                break;
            }
            catch (ParScaleException refused)
            {
                Assert.Equal(("VK-02", ErrorKind.NotEnoughMemory), (refused.Code, refused.Kind));
                Assert.Equal(0, faulty.Device.Memory.Bytes);
            }
        }
    }

    [Fact]
    public void VK_03_a_shader_that_the_driver_refuses_is_named()
    {
        using var faulty = new FaultyDevice(Device.Description);
        using LanguageModel model = Load(faulty);
        // What was made stays: each time one more is.
        string[] shaders = [.. Enumerable.Range(0, 100).Select(allowed =>
        {
            int left = Math.Min(allowed, 1);
            faulty.Driver.Answer = call => call == FaultyDriver.Pipelines && left-- <= 0 ? Result.ErrorInvalidShaderNV : null;
            try
            {
                return Generate(model, 2).Count == 2 ? "" : "none";
            }
            catch (ParScaleException refused)
            {
                Assert.Equal(("VK-03", ErrorKind.Io), (refused.Code, refused.Kind));
                Assert.DoesNotContain('\n', refused.Message);
                return refused.Message.Split("the shader ")[1].Split(' ')[0];
            }
        }).TakeWhile(name => name.Length > 0)];
        // Each of a step's, and the model runs as soon as none is refused.
        foreach (string name in (string[])["embed", "norm", "attention", "gate", "matmul_float"]) Assert.Contains(name, shaders);
        faulty.Driver.Answer = _ => null;
        Assert.Equal(2, Generate(model, 2).Count);
    }

    [Fact]
    public void VK_04_a_driver_that_is_too_old_is_told_what_it_lacks()
    {
        using var driver = new FaultyDriver { Version = Vk.MakeVersion(1, 1, 130) };
        using VulkanInstance instance = VulkanInstance.TryOpen(driver, out _)!;
        DeviceDescription old = instance.Devices[Device.Description.Index];
        Assert.Equal(new Version(1, 1, 130), old.ApiVersion);
        Assert.Equal("VK-04", Assert.Throws<ParScaleException>(() => new VulkanDevice(instance, old)).Code);
        Assert.Contains("lacks Vulkan 1.2; a newer driver may have it", Assert.Throws<ParScaleException>(() => VulkanDevice.Require(old)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_was_paused_in_a_wait_goes_on_waiting()
    {
        using var faulty = new FaultyDevice(Device.Description);
        using LanguageModel model = Load(faulty);
        List<int> expected = Generate(model, 3);
        faulty.Device.Patience = TimeSpan.FromSeconds(5);
        // A pause ends a wait, however long it was.
        int waits = 0;
        faulty.Driver.Answer = call => call == FaultyDriver.Wait && waits++ % 5 < 4 ? Result.Timeout : null;
        Assert.Equal(expected, Generate(model, 3));
    }

    private static List<int> Generate(LanguageModel model, int count) => [.. Pieces(model, count).Select(piece => piece.TokenId).OfType<int>()];

    // Has room for very many tokens, and ends with the first: every token ends it.
    private static void Reserve(LanguageModel model, int firstToken)
    {
        int[] all = [.. Enumerable.Range(0, model.Config.VocabularySize)];
        var options = new GenerationOptions { MaxNewTokens = Positions - 10, StopTokenIds = all };
        Assert.NotEmpty(model.GenerateAsync(new[] { firstToken, 2, 3 }, options, Stop).ToBlockingEnumerable(Stop).ToList());
    }

    private static IEnumerable<GeneratedPiece> Pieces(LanguageModel model, int count)
    {
        var options = new GenerationOptions { MaxNewTokens = count, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };
        return model.GenerateAsync(new[] { 1, 2, 3 }, options, Stop).ToBlockingEnumerable(Stop);
    }

    private LanguageModel Load(FaultyDevice faulty) => LanguageModel.Load(Write(), new LoadOptions { Device = new SharedDevice(faulty.Device) });

    private string Write()
    {
        RandomCheckpoint.Write(Folder("model"), RandomCheckpoint.Config(2, maxPositions: Positions), seed: 5);
        return Folder("model");
    }
}
