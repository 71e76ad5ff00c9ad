using System.CommandLine;
using System.Text.Json;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Cli.Tests.Support;
using ParScale.Vulkan.Devices;

namespace ParScale.Cli.Tests.Commands;

/// <summary><c>devices</c>: on this machine, whatever it has, and for devices that it has not.</summary>
public class DevicesCommandTests
{
    private static readonly DeviceDescription Card = new()
    {
        Index = 1,
        Name = "A card",
        Kind = DeviceKind.Discrete,
        Driver = "driver 1.2",
        ApiVersion = new Version(1, 3, 230),
        Memory = 24_000_000_000,
        MemoryBudget = 20_000_000_000,
        LargestAllocation = 4_000_000_000,
        SharedMemory = 49152,
        WorkgroupThreads = 1024,
        SubgroupSize = 32,
        IntegerDotProduct = true,
        Matrices = [new MatrixShape(16, 16, 32, IsHalf: false), new MatrixShape(16, 16, 16, IsHalf: true)],
        Missing = [],
    };

    [Fact]
    public void Lists_the_processor_and_says_why_there_is_nothing_else()
    {
        JsonElement json = Tool.Run("devices", "--json").Json();
        Assert.Equal(Environment.ProcessorCount, json.GetProperty("cpu").GetProperty("cores").GetInt32());
        Assert.NotEmpty(json.GetProperty("cpu").GetProperty("kernels").GetProperty("q8").GetString()!);
        bool none = json.GetProperty("vulkan").GetArrayLength() == 0;
        Assert.Equal(none ? JsonValueKind.String : JsonValueKind.Null, json.GetProperty("note").ValueKind);
        Assert.Equal(none, Tool.Run("devices").Out.Contains("\nno Vulkan devices: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Shows_what_a_device_is_and_what_it_lacks()
    {
        string text = Run(new DeviceList(
            [
                Card,
                Card with { Index = 2, Kind = DeviceKind.Software, MemoryBudget = null },
                Card with { Index = 3, Missing = ["Vulkan 1.2", "workgroups of 256 threads"] },
            ], null));
        string[] lines = text.Split('\n');
        Assert.StartsWith("cpu ", lines[1], StringComparison.Ordinal);
        Assert.Matches("^vulkan:1 +A card +discrete +24.0 GB  Vulkan 1.3.230, driver 1.2; 20.0 GB free for this process$", lines[2]);
        Assert.Matches("^vulkan:2 .* software +24.0 GB  Vulkan 1.3.230, driver 1.2; computes on the CPU$", lines[3]);
        Assert.EndsWith("; it lacks Vulkan 1.2, workgroups of 256 threads", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_the_matrices_that_products_can_take()
    {
        using JsonDocument json = JsonDocument.Parse(Run(new DeviceList([Card], null), "--json"));
        Assert.Equal(["16x16x32 int8", "16x16x16 f16"], json.RootElement.GetProperty("vulkan")[0].GetProperty("matrices").EnumerateArray().Select(shape => shape.GetString()));
    }

    [Fact]
    public void Names_what_is_not_there() =>
        Assert.EndsWith("\n\nno Vulkan devices: because\n", Run(new DeviceList([], "because")), StringComparison.Ordinal);

    [Fact]
    public void No_loader_is_a_line_and_no_error()
    {
        DeviceList list = DeviceList.Read("no-such-library.so");
        Assert.Empty(list.Devices);
        Assert.Contains("no-such-library.so", list.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void CL_01_takes_no_argument() => Tool.Run("devices", "vulkan:0").Fails(2, "CL-01");

    private static string Run(DeviceList list, params string[] options)
    {
        var output = new StringWriter { NewLine = "\n" };
        var common = new CommonOptions();
        var root = new RootCommand();
        common.AddTo(root);
        root.Add(new DevicesCommand(new Terminal { In = null, Out = output, Error = TextWriter.Null }, common, () => list));
        Assert.Equal(0, root.Parse(["devices", .. options]).Invoke());
        return output.ToString();
    }
}
