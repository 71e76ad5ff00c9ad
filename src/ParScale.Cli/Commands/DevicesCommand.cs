using System.Globalization;
using ParScale.Benchmarking;
using ParScale.Cli.Options;
using ParScale.Cli.Planning;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws.Plan;
using ParScale.Vulkan.Devices;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale devices</c>: the CPU and the Vulkan devices of this machine.</summary>
internal sealed class DevicesCommand : ExampleCommand
{
    private readonly Func<DeviceList> _read;

    public DevicesCommand(Terminal terminal, CommonOptions common, Func<DeviceList>? read = null)
        : base("devices", "List the CPU and the Vulkan devices of this machine: what --device may name.")
    {
        _read = read ?? (() => DeviceList.Read());
        SetAction(parse => Run(terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale devices
          parscale devices --json
        """;

    private int Run(Terminal terminal, bool json)
    {
        MachineInfo machine = MachineInfo.Here();
        DeviceList list = _read();
        var result = new DevicesResult(
            new CpuRow(machine.Processor, machine.Cores, machine.MemoryBytes, machine.Kernels), [.. list.Devices.Select(Row)], list.Note);
        if (json) terminal.WriteJson(result, CliJson.Readable.DevicesResult);
        else terminal.Show(Text(result));
        return 0;
    }

    private static VulkanRow Row(DeviceDescription device) => new()
    {
        Device = $"vulkan:{device.Index.ToString(CultureInfo.InvariantCulture)}",
        Name = device.Name,
        Kind = device.Kind.ToString().ToLowerInvariant(),
        Driver = device.Driver,
        Vulkan = device.ApiVersion.ToString(),
        MemoryBytes = device.Memory,
        BudgetBytes = device.MemoryBudget,
        LargestAllocation = device.LargestAllocation,
        SharedMemory = device.SharedMemory,
        WorkgroupThreads = device.WorkgroupThreads,
        SubgroupSize = device.SubgroupSize,
        IntegerDotProduct = device.IntegerDotProduct,
        Matrices = [.. device.Matrices.Select(shape => shape.ToString())],
        Missing = device.Missing,
    };

    private static string Text(DevicesResult result)
    {
        var output = new StringWriter { NewLine = "\n" };
        var table = new TextTable("device", "name", "kind", "memory", "");
        table.Add("cpu", result.Cpu.Name, $"{result.Cpu.Cores} logical cores", Figures.Bytes(result.Cpu.MemoryBytes), "");
        foreach (VulkanRow row in result.Vulkan) table.Add(row.Device, row.Name, row.Kind, Figures.Bytes(row.MemoryBytes), Remark(row));
        table.Write(output, names: 3, lastIsName: true);
        if (result.Note is { } note) output.Write($"\nno Vulkan devices: {note}\n");
        return output.ToString();
    }

    private static string Remark(VulkanRow row)
    {
        string driver = $"Vulkan {row.Vulkan}{(row.Driver.Length > 0 ? $", {row.Driver}" : "")}";
        if (row.Missing.Count > 0) return $"{driver}; it lacks {string.Join(", ", row.Missing)}";
        string budget = row.BudgetBytes is { } bytes ? $"; {Figures.Bytes(bytes)} free for this process" : "";
        return driver + (row.Kind == "software" ? "; computes on the CPU" : "") + budget;
    }
}

/// <summary>The JSON of <c>parscale devices</c>.</summary>
/// <param name="Cpu">The processor, which runs the models.</param>
/// <param name="Vulkan">In the order of the Vulkan loader.</param>
/// <param name="Note">Why there are no Vulkan devices; null where there are some.</param>
internal sealed record DevicesResult(CpuRow Cpu, IReadOnlyList<VulkanRow> Vulkan, string? Note);

/// <summary>The processor.</summary>
/// <param name="Name">As the system calls it.</param>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="Kernels">Instructions of the kernels, by type of the weights.</param>
internal sealed record CpuRow(string Name, int Cores, long MemoryBytes, IReadOnlyDictionary<string, string> Kernels);

/// <summary>A Vulkan device; members as in <see cref="DeviceDescription"/>.</summary>
internal sealed record VulkanRow
{
    public required string Device { get; init; }

    public required string Name { get; init; }

    public required string Kind { get; init; }

    public required string Driver { get; init; }

    public required string Vulkan { get; init; }

    public required long MemoryBytes { get; init; }

    public required long? BudgetBytes { get; init; }

    public required long LargestAllocation { get; init; }

    public required int SharedMemory { get; init; }

    public required int WorkgroupThreads { get; init; }

    public required int SubgroupSize { get; init; }

    public required bool IntegerDotProduct { get; init; }

    public required IReadOnlyList<string> Matrices { get; init; }

    public required IReadOnlyList<string> Missing { get; init; }
}
