using System.Collections.Concurrent;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(TestDevice))]

namespace ParScale.Vulkan.Tests.Support;

/// <summary>
/// The device that the tests run on: a software one where there is one, since every machine can have it; else the first that can be used.
/// PARSCALE_VULKAN_DEVICE=N takes the one with number N of <c>parscale devices</c>. PARSCALE_VULKAN=required makes a failure of a skip.
/// </summary>
public sealed class TestDevice : IDisposable
{
    /// <summary>What turns skips into failures.</summary>
    internal const string Variable = "PARSCALE_VULKAN", Required = "required";

    private const string Numbered = "PARSCALE_VULKAN_DEVICE";

    private readonly VulkanInstance? _instance;
    private readonly VulkanDevice? _device;
    private readonly ConcurrentQueue<string> _messages = new();
    private readonly string _why;

    public TestDevice()
    {
        _instance = VulkanInstance.TryOpen(out string? note, validation: _messages.Enqueue);
        string? number = Environment.GetEnvironmentVariable(Numbered);
        DeviceDescription? chosen = _instance?.Devices.Where(device => device.Missing.Count == 0 && (number is null || number == $"{device.Index}"))
            .OrderBy(device => !device.IsSoftware).FirstOrDefault();
        _why = note ?? "no Vulkan device that can be used";
        if (chosen is null) return;
        _device = new VulkanDevice(_instance!, chosen);
        // Whether a run went through what only some drivers have.
        Console.WriteLine($"Tests run on {chosen.Name}, driver {chosen.Driver}: {(chosen.IntegerDotProduct ? "has" : "no")} dot product of four bytes; "
            + $"fma rounds {(_device.UsesFma ? "once" : "twice")}; matrices: {(chosen.Matrices.Count == 0 ? "none" : string.Join(", ", chosen.Matrices))}");
    }

    internal VulkanInstance Instance => _instance ?? throw Skip();

    internal VulkanDevice Device => _device ?? throw Skip();

    /// <summary>What the validation layer said since the last call.</summary>
    internal string[] TakeMessages()
    {
        string[] messages = [.. _messages];
        _messages.Clear();
        return messages;
    }

    /// <summary>Skips the test where nothing is to be tested on.</summary>
    internal void Need() => _ = Device;

    public void Dispose()
    {
        _device?.Dispose();
        _instance?.Dispose();
        // What was left alive shows here.
        if (!_messages.IsEmpty) throw new InvalidOperationException(string.Join('\n', _messages));
    }

    private InvalidOperationException Skip()
    {
        if (Environment.GetEnvironmentVariable(Variable) == Required) return new InvalidOperationException(_why);
        Assert.Skip(_why);
        return new InvalidOperationException(_why);
    }
}
