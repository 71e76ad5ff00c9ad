namespace ParScale.ScalingLaws.Cost;

/// <summary>The machines that have a name.</summary>
public static class Devices
{
    /// <summary>The name of the machine that is measured instead of looked up.</summary>
    public const string This = "this";

    private const double Giga = 1e9, Tera = 1e12, Gibibyte = 1L << 30, RuntimeBytes = 80e6;

    // What the paper's cost tool recommends for data-centre cards; taken for the others too, where nobody publishes better.
    private const double CardCompute = 0.7, CardRead = 0.9;

    // Fitted to decode steps of this repository's own engine (docs/numbers.md, "Predicted against measured").
    // Where only the machine's peaks are known, its best instruction and no mixture, they say less: a lower share and a rounder corner.
    private const double CoreCompute = 0.7, CoreRead = 0.95, CoreOverlap = 2, CoreLayerSeconds = 20e-6;
    private const double MeasuredProductShare = 0.85, MeasuredRead = 1, MeasuredOverlap = 4;

    private const int CardPassRows = 4096, CorePassRows = 256;

    // Assumed, not measured: what users of other engines report of Vulkan (docs/numbers.md, "Graphics cards on paper"). The shaders use no matrix units;
    // an 8-bit product is a quarter of a dot product of four, at half the rate of one in float32, and of a reading of four codes of x, which takes as long.
    private const double ShaderRead = 0.8, ShaderCompute = 0.6, ShaderInt8 = 1, DispatchSeconds = 4e-6;

    /// <summary>Shaders that the Vulkan engine runs for each layer of a decode step in q8. Its tests count them.</summary>
    public const int VulkanLayerDispatches = 8;

    /// <summary>Those of a decode step of several streams beside the layers'. Its tests count them.</summary>
    public const int VulkanPassDispatches = 10;

    private const string VulkanSuffix = "-vulkan";

    private static readonly Device[] Cards =
    [
        Card("a100", "NVIDIA A100 SXM 80 GB", "NVIDIA A100 data sheet", 80, 2039, 19.5, 312, 624),
        Card("h100", "NVIDIA H100 SXM 80 GB", "NVIDIA H100 data sheet, dense figures", 80, 3350, 67, 989, 1979),
        Card("h200", "NVIDIA H200 SXM 141 GB", "NVIDIA H200 data sheet, dense figures", 131, 4800, 67, 989, 1979),
        Card("rtx4090", "NVIDIA GeForce RTX 4090", "NVIDIA Ada architecture white paper, dense figures", 24, 1008, 82.6, 165.2, 660.6),
        Card("rx7900xtx", "AMD Radeon RX 7900 XTX", "AMD product page", 24, 960, 61.4, 122.8, 122.8),
        Card("b580", "Intel Arc B580", "Intel product page: 20 Xe2 cores at 2.67 GHz; bfloat16 at half the 8-bit rate", 12, 456, 13.7, 116.5, 233),
        // The graphics part of the processor of ddr5-laptop, with its memory.
        Card("radeon780m", "AMD Radeon 780M, DDR5-5600", "AMD Ryzen 7 7840HS product page: 12 units at 2.7 GHz; operations a cycle of RDNA 3", 16, 89.6, 8.3, 16.6, 16.6),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Device> All { get; } =
    [
        .. Cards,
        // 8 cores at 3.8 GHz, 32 float operations and 128 8-bit operations a cycle each; two channels of DDR5-5600.
        Processor("ddr5-laptop", "laptop, 8 Zen 4 cores, DDR5-5600", "AMD Ryzen 7 7840HS product page: base clock, memory; operations a cycle of Zen 4",
            16, 89.6, 0.97, 3.9),
        // Only the cores: the engine does not use the graphics part, which shares the same memory.
        Processor("m4", "Apple M4, cores only", "Apple's M4 announcement, May 2024: 120 GB/s, 4 + 6 cores; clocks 4.4 and 2.9 GHz as measured by others",
            16, 120, 0.84, 3.3),
        // The first two cards, of data centres, stand for themselves alone. What our shaders reach of the others is assumed: none was run.
        .. Cards.Skip(2).Select(OnVulkan),
    ];

    /// <summary>A machine by its name, or null.</summary>
    public static Device? Find(string name) => All.FirstOrDefault(device => device.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The machine that runs this, by what it was measured to do: bytes read, multiply-adds a second at best and, where
    /// <paramref name="products"/> are given, in the product kernels. The shares that the engine reaches of them were fitted to its
    /// own decode steps (docs/numbers.md).
    /// </summary>
    public static Device Measured(
        string title, double memoryBytes, double readRate, double float32Rate, double int8Rate, ProductRates? products = null)
    {
        bool measured = products is not null;
        return new Device
        {
            Name = This,
            Title = title,
            Source = "measured just now",
            MemoryBytes = memoryBytes,
            ReadRate = readRate,
            Float32Rate = float32Rate,
            Bf16Rate = float32Rate,
            Int8Rate = int8Rate,
            ReadEfficiency = measured ? MeasuredRead : CoreRead,
            ComputeEfficiency = CoreCompute,
            Products = products,
            ProductEfficiency = MeasuredProductShare,
            Overlap = measured ? MeasuredOverlap : CoreOverlap,
            LayerSeconds = CoreLayerSeconds,
            PassRows = CorePassRows,
            RuntimeBytes = RuntimeBytes,
        };
    }

    /// <summary>The machine that runs this when only memory counts: nothing is measured, and every time is NaN.</summary>
    public static Device Unmeasured(string title, double memoryBytes) => Measured(title, memoryBytes, double.NaN, double.NaN, double.NaN);

    // Data sheets count a multiply-add as two operations.
    private static Device Card(string name, string title, string source, double gibibytes, double readGb, double float32, double bf16, double int8) => new()
    {
        Name = name,
        Title = title,
        Source = source,
        MemoryBytes = gibibytes * Gibibyte,
        ReadRate = readGb * Giga,
        Float32Rate = float32 * Tera / 2,
        Bf16Rate = bf16 * Tera / 2,
        Int8Rate = int8 * Tera / 2,
        ReadEfficiency = CardRead,
        ComputeEfficiency = CardCompute,
        PassRows = CardPassRows,
    };

    private static Device OnVulkan(Device card) => card with
    {
        Name = card.Name + VulkanSuffix,
        Title = card.Title + ", this engine's shaders",
        Source = card.Source + "; shares that are reached, and 4 us a shader, are assumed",
        Bf16Rate = card.Float32Rate,
        Int8Rate = card.Float32Rate * ShaderInt8,
        ReadEfficiency = ShaderRead,
        ComputeEfficiency = ShaderCompute,
        DispatchSeconds = DispatchSeconds,
        LayerDispatches = VulkanLayerDispatches,
        PassDispatches = VulkanPassDispatches,
        PassRows = CorePassRows,
        RuntimeBytes = RuntimeBytes,
    };

    private static Device Processor(string name, string title, string source, double gibibytes, double readGb, double float32, double int8) =>
        Measured(title, gibibytes * Gibibyte, readGb * Giga, float32 * Tera / 2, int8 * Tera / 2) with { Name = name, Source = source };
}
