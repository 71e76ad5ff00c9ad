using System.Text.Json;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Cli.Tests.Support;
using ParScale.Vulkan;
using ParScale.Vulkan.Devices;

namespace ParScale.Cli.Tests.Options;

/// <summary><c>--device</c>: what computes, and how that is told.</summary>
public class ComputeDeviceOptionTests(TinyModel model)
{
    private string[] Generate => ["generate", "-m", model.Folder, "-p", "the cat", "-n", "12", "--temp", "0", "--ignore-eos"];

    [Fact]
    public void The_CPU_computes_unless_another_device_is_asked_for()
    {
        Outcome plain = Tool.Run([.. Generate, "--json"]), named = Tool.Run([.. Generate, "--json", "--device", "cpu"]);
        Assert.Equal("cpu", plain.Json().GetProperty("device").GetString());
        Assert.Equal("cpu", named.Json().GetProperty("device").GetString());
        Assert.DoesNotContain("computes", plain.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_Vulkan_device_writes_the_same_text_and_is_named()
    {
        NeedDevice();
        JsonElement cpu = Tool.Run([.. Generate, "--json"]).Json();
        Outcome run = Tool.Run([.. Generate, "--json", "--device", "vulkan"]);
        Assert.Equal(cpu.GetProperty("ids").GetRawText(), run.Json().GetProperty("ids").GetRawText());
        string device = run.Json().GetProperty("device").GetString()!;
        Assert.StartsWith("vulkan:", device, StringComparison.Ordinal);
        Assert.Contains($"{device} computes: ", run.Error, StringComparison.Ordinal);
        Assert.Contains($" | {device} | ", run.Error, StringComparison.Ordinal);
        string[] tokens = ["-m", model.Folder, "--tokens", "1,2,3,4", "--json"];
        Assert.Equal(Argmax(["logits", .. tokens]), Argmax(["logits", .. tokens, "--device", device]));
        JsonElement score = Tool.Run(["score", .. tokens, "--device", device]).Json();
        Assert.Equal(device, score.GetProperty("device").GetString());
        Assert.Equal(Tool.Run(["score", .. tokens]).Json().GetProperty("nll").GetDouble(), score.GetProperty("nll").GetDouble(), 1e-5);
    }

    [Fact]
    public void Auto_takes_no_software_driver()
    {
        if (DeviceList.Read().Devices.Any(device => device.Kind != DeviceKind.Software)) Assert.Skip("this machine has a graphics card");
        Assert.Equal("cpu", Tool.Run([.. Generate, "--json", "--device", "auto"]).Json().GetProperty("device").GetString());
    }

    [Fact]
    public void Auto_tries_each_device_in_turn_before_the_CPU()
    {
        ComputeDevice first = Card(0), second = Card(1);
        var notes = new StringWriter();
        var terminal = new Terminal { In = null, Out = TextWriter.Null, Error = notes };
        var asked = new List<string>();
        LanguageModel Load(ComputeDevice device, params ComputeDevice[] full)
        {
            asked.Add(device.Name);
            if (full.Contains(device)) throw new ParScaleException(ErrorKind.NotEnoughMemory, "VK-07", $"{device.Name} is full");
            return LanguageModel.Load(model.Folder);
        }
        ComputeDeviceOption.LoadOnFirst([first, second, ComputeDevice.Cpu], terminal, device => Load(device, first)).Dispose();
        ComputeDeviceOption.LoadOnFirst([first, second, ComputeDevice.Cpu], terminal, device => Load(device, first, second)).Dispose();
        Assert.Equal(["vulkan:0", "vulkan:1", "vulkan:0", "vulkan:1", "cpu"], asked);
        string text = notes.ToString();
        Assert.Contains("vulkan:0 is full: vulkan:1 is tried", text, StringComparison.Ordinal);
        Assert.Contains("vulkan:1 is full: the CPU runs it", text, StringComparison.Ordinal);
        Assert.Contains("vulkan:1 computes: A card, discrete", text, StringComparison.Ordinal);
        Assert.DoesNotContain("cpu computes", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("vulkan:")]
    [InlineData("vulkan:-1")]
    [InlineData("vulkan:x")]
    [InlineData("CPU")]
    public void Names_that_are_none_are_refused(string name) =>
        Assert.Contains("--device needs auto, cpu, vulkan or vulkan:N", Tool.Run([.. Generate, "--device", name]).Fails(2, "CL-02"), StringComparison.Ordinal);

    [Fact]
    public void A_number_beyond_the_list_is_refused()
    {
        NeedDevice();
        Assert.Contains("there is no device vulkan:999", Tool.Run([.. Generate, "--device", "vulkan:999"]).Fails(2, "VK-09"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_device_one_line_says_why()
    {
        if (DeviceList.Read().Devices.Count > 0) Assert.Skip("this machine has a Vulkan device");
        Assert.Contains("there is no Vulkan device: ", Tool.Run([.. Generate, "--device", "vulkan"]).Fails(2, "VK-08"), StringComparison.Ordinal);
    }

    private static string Argmax(string[] arguments) => Tool.Run(arguments).Json().GetProperty("argmax").GetRawText();

    // Nothing is opened: what loads on it is the test's.
    private static VulkanComputeDevice Card(int index) => new(new DeviceDescription
    {
        Index = index,
        Name = "A card",
        Kind = DeviceKind.Discrete,
        Driver = "1.2",
        ApiVersion = new Version(1, 3),
        Memory = 1 << 30,
        MemoryBudget = null,
        LargestAllocation = 1 << 30,
        SharedMemory = 1 << 15,
        WorkgroupThreads = 1024,
        SubgroupSize = 32,
        IntegerDotProduct = true,
        Missing = [],
    });

    private static void NeedDevice()
    {
        if (DeviceList.Read() is { Note: { } why }) Assert.Skip(why);
    }
}
