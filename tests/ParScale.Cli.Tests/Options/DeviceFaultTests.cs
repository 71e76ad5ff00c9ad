using System.Diagnostics;
using System.Text;
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
    public async Task VK_08_without_a_loader_one_line_says_so()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("needs a loader that can be hidden");
        using var folder = new TempFolder();
        folder.Write("libvulkan.so.1", "no library");
        Dictionary<string, string> environment = new() { ["LD_LIBRARY_PATH"] = folder.Path };
        Outcome refused = await Run(environment, [.. Long, "--device", "vulkan"]);
        Assert.Contains("there is no Vulkan device: no Vulkan 1.2 loader (libvulkan.so.1)", refused.Fails(2, "VK-08"), StringComparison.Ordinal);
        Assert.Contains("no Vulkan 1.2 loader", (await Run(environment, "devices")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_is_paused_goes_on_where_it_was()
    {
        NeedDevice();
        if (OperatingSystem.IsWindows()) Assert.Skip("needs kill");
        string[] text = [.. Long.Except(["--json"])];
        string expected = Tool.Run(text).Out;
        using Process paused = ToolProcess.Start(null, [.. text, "--device", "vulkan"]);
        var begin = new StringBuilder();
        // First while it starts, then in the middle of its text.
        for (int i = 0; i < 4 && !paused.HasExited; i++)
        {
            await Signal(paused, "-STOP");
            await Task.Delay(200, TestContext.Current.CancellationToken);
            await Signal(paused, "-CONT");
            var piece = new char[40];
            begin.Append(piece, 0, await paused.StandardOutput.ReadBlockAsync(piece, TestContext.Current.CancellationToken));
        }
        Assert.Equal(expected, begin + (await ToolProcess.FinishAsync(paused)).Out);
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
