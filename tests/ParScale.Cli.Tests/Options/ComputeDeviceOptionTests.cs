using System.Text.Json;
using ParScale.Cli.Tests.Support;
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

    private static void NeedDevice()
    {
        if (DeviceList.Read() is { Note: { } why }) Assert.Skip(why);
    }
}
