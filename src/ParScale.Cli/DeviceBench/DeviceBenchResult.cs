using ParScale.Benchmarking;
using ParScale.Cli.Bench;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;

namespace ParScale.Cli.DeviceBench;

/// <summary>The JSON of <c>parscale bench --device vulkan</c>. G is 1e9, times are milliseconds where their name says so.</summary>
/// <param name="Device">What it ran on, and what that does at best.</param>
/// <param name="Model">What was measured.</param>
/// <param name="Rows">One for every combination of dtype, streams and context.</param>
internal sealed record DeviceBenchResult(DeviceBenchDevice Device, BenchModelInfo Model, IReadOnlyList<DeviceBenchRow> Rows);

/// <summary>The device, measured between the rows: medians of all passes.</summary>
/// <param name="Name">As <c>--device</c> names it.</param>
/// <param name="Title">As its driver calls it.</param>
/// <param name="Kind">discrete, integrated, virtual or software.</param>
/// <param name="Driver">Name and version of the driver.</param>
/// <param name="Software">Whether it computes on the CPU: then its figures are those of no graphics card.</param>
/// <param name="MemoryBytes">Memory of the device.</param>
/// <param name="ReadGbS">A shader that only reads, GB/s.</param>
/// <param name="ReadGbSBest">The best of all passes.</param>
/// <param name="DispatchUs">A dispatch of one workgroup that waits for the one before it, microseconds.</param>
/// <param name="SubmitUs">Submitting one and waiting for it, microseconds.</param>
/// <param name="Passes">Passes measured.</param>
/// <param name="OpenMs">Opening it.</param>
/// <param name="Shaders">Shaders that its driver compiled, or found in a cache of its own.</param>
/// <param name="ShaderMs">How long that took, all together.</param>
/// <param name="FmaRoundsOnce">Whether its fma was found to round once: then products in 8 and 4 bits use it.</param>
/// <param name="Matrices">The matrices that prompts in 8 and 4 bits use, such as <c>16x16x32 int8</c>: rows, outputs, products. Null without any.</param>
internal sealed record DeviceBenchDevice(
    string Name, string Title, string Kind, string Driver, bool Software, long MemoryBytes, double ReadGbS, double ReadGbSBest, double DispatchUs,
    double SubmitUs, int Passes, double OpenMs, int Shaders, double ShaderMs, bool FmaRoundsOnce, string? Matrices)
{
    public static DeviceBenchDevice Of(VulkanDevice device, DeviceBenchSpeed speed, TimeSpan open)
    {
        DeviceDescription what = device.Description;
        return new DeviceBenchDevice(
            $"vulkan:{what.Index}", what.Name, what.Kind.ToString().ToLowerInvariant(), what.Driver, what.IsSoftware, what.Memory, speed.Read.Median / 1e9,
            speed.Read.Most / 1e9, speed.Dispatch.Median * 1e6, speed.Submit.Median * 1e6, speed.Read.Count, open.TotalMilliseconds, device.Shaders,
            device.ShaderTime.TotalMilliseconds, device.UsesFma, device.Matrices?.ToString());
    }
}

/// <summary>What a device was measured to do.</summary>
/// <param name="Read">Bytes a second.</param>
/// <param name="Dispatch">Seconds of a dispatch.</param>
/// <param name="Submit">Seconds of submitting one.</param>
internal sealed record DeviceBenchSpeed(Spread Read, Spread Dispatch, Spread Submit);

/// <summary>One row of <c>parscale bench --device vulkan</c>: in JSON, and as the columns of the tables.</summary>
internal sealed record DeviceBenchRow
{
    public required string Model { get; init; }

    public required string Dtype { get; init; }

    /// <summary>Format of keys and values.</summary>
    public required string Kv { get; init; }

    /// <summary>P of the sequence, or the streams of all sequences of a batch together.</summary>
    public required int Streams { get; init; }

    /// <summary>The sequences of a step by their P, such as <c>8</c>, <c>1+2+5</c> or <c>8x1</c>.</summary>
    public required string Batch { get; init; }

    /// <summary>Tokens that all sequences together get in a second of decode steps.</summary>
    public required double TokensS { get; init; }

    public required int Context { get; init; }

    /// <summary>A whole decode step, from the host's table to the choice of the likeliest token, as <see cref="Chooses"/> has it; median.</summary>
    public required double DecodeMs { get; init; }

    public required double DecodeMeanMs { get; init; }

    public required double DecodeSdMs { get; init; }

    public required double DecodeMinMs { get; init; }

    /// <summary>Steps measured.</summary>
    public required int DecodeSteps { get; init; }

    /// <summary>Weights read in a step.</summary>
    public required long StepBytes { get; init; }

    /// <summary>step_bytes over decode_ms, GB/s.</summary>
    public required double ReachedGbS { get; init; }

    /// <summary>A shader that only reads, between the rows of this dtype, median, GB/s.</summary>
    public required double ReadGbS { get; init; }

    /// <summary>step_bytes over read_gb_s.</summary>
    public required double FloorMs { get; init; }

    /// <summary>decode_ms over floor_ms.</summary>
    public required double Ratio { get; init; }

    /// <summary>Keys and values read in a step, and the time that takes at the same speed.</summary>
    public required long KvStepBytes { get; init; }

    public required double KvFloorMs { get; init; }

    /// <summary>Shaders that a step runs.</summary>
    public required int Dispatches { get; init; }

    /// <summary>Commands of a step that wait for all before them.</summary>
    public required int Barriers { get; init; }

    /// <summary>The dispatches at the device's time for one that does nothing.</summary>
    public required double DispatchMs { get; init; }

    /// <summary>Whether the engine leaves this step's choice of tokens to the device, where sampling allows it.</summary>
    public required bool Chooses { get; init; }

    /// <summary>A step whose tokens the device chooses, median; null for models that it cannot choose for.</summary>
    public required double? ChosenMs { get; init; }

    /// <summary>What such a step returns to the host.</summary>
    public required long? ChosenHostBytes { get; init; }

    /// <summary>A step that returns all logits, of which the host chooses; measured in turn with the other, median.</summary>
    public required double AllLogitsMs { get; init; }

    /// <summary>What such a step returns to the host.</summary>
    public required long AllLogitsHostBytes { get; init; }

    /// <summary>chosen_ms over all_logits_ms.</summary>
    public required double? ChoiceRatio { get; init; }

    /// <summary>Tokens of the prompt; 0 when none was measured, then the following are null.</summary>
    public required int Prompt { get; init; }

    public required double? PrefillTokensS { get; init; }

    public required double? PrefillTokensSSd { get; init; }

    public required int? PrefillRuns { get; init; }

    /// <summary>The same without the device's matrices; null where prompts do not use them.</summary>
    public required double? PrefillWithoutMatricesTokensS { get; init; }

    /// <summary>Memory of the device that the weights and streams of this row take.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>The same for keys and values.</summary>
    public required long KvBytes { get; init; }
}
