using System.Diagnostics;
using ParScale.Cli.Tests.Support;
using ParScale.Vulkan.Devices;

namespace ParScale.Cli.Tests.Options;

/// <summary>Vulkan drivers that are missing, and processes that are paused or share a device.</summary>
public class DeviceFaultTests(TinyModel model)
{
    private const string Missing = "/nowhere/no-driver.json";

    // Long enough to be paused within, or to meet another process.
    private string[] Long => ["generate", "-m", model.Folder, "-p", "the cat", "-n", "400", "--temp", "0", "--ignore-eos", "--json"];

    [Fact]
    public async Task VK_08_without_a_driver_one_line_says_so_and_auto_takes_the_CPU()
    {
        NeedDevice();
        Dictionary<string, string> environment = new() { ["VK_DRIVER_FILES"] = Missing, ["VK_ICD_FILENAMES"] = Missing };
        Outcome refused = await Run(environment, [.. Long, "--device", "vulkan"]);
        Assert.Contains("run the model on the CPU (--device cpu)", refused.Fails(2, "VK-08"), StringComparison.Ordinal);
        Outcome listed = await Run(environment, "devices", "--json");
        Assert.Equal(0, listed.Json().GetProperty("vulkan").GetArrayLength());
        Assert.NotEmpty(listed.Json().GetProperty("note").GetString()!);
        Outcome auto = await Run(environment, [.. Long, "--device", "auto"]);
        Assert.Equal("cpu", auto.Json().GetProperty("device").GetString());
    }

    [Fact]
    public async Task A_process_that_is_paused_goes_on_where_it_was()
    {
        NeedDevice();
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        string expected = Tool.Run(Long).Json().GetProperty("ids").GetRawText();
        using Process paused = ToolProcess.Start(null, [.. Long, "--device", "vulkan"]);
        // At some moments of its start and of its run.
        for (int i = 0; i < 5; i++)
        {
            await Task.Delay(300, TestContext.Current.CancellationToken);
            if (paused.HasExited) break;
            await Signal(paused, "-STOP");
            await Task.Delay(200, TestContext.Current.CancellationToken);
            await Signal(paused, "-CONT");
        }
        Assert.Equal(expected, (await ToolProcess.FinishAsync(paused)).Json().GetProperty("ids").GetRawText());
    }

    [Fact]
    public async Task Two_processes_share_a_device()
    {
        NeedDevice();
        string expected = Tool.Run(Long).Json().GetProperty("ids").GetRawText();
        Outcome[] both = await Task.WhenAll(Run(null, [.. Long, "--device", "vulkan"]), Run(null, [.. Long, "--device", "vulkan"]));
        Assert.All(both, one => Assert.Equal(expected, one.Json().GetProperty("ids").GetRawText()));
    }

    private static async Task<Outcome> Run(IReadOnlyDictionary<string, string>? environment, params string[] args)
    {
        using Process process = ToolProcess.Start(environment, args);
        return await ToolProcess.FinishAsync(process);
    }

    private static async Task Signal(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [signal, $"{process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static void NeedDevice()
    {
        if (DeviceList.Read() is { Note: { } why }) Assert.Skip(why);
    }
}
