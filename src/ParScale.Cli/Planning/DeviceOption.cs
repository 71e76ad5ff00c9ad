using System.CommandLine;
using System.Globalization;
using ParScale.Benchmarking;
using ParScale.Cli.Cost;
using ParScale.Cli.Parsing;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Planning;

/// <summary>The option <c>--device</c>: a machine with known figures, or this one, measured.</summary>
internal sealed class DeviceOption
{
    private static readonly string[] Names = [Devices.This, .. Devices.All.Select(device => device.Name)];

    public Option<string?> Option { get; } = new("--device")
    {
        Description = $"Machine: {string.Join(", ", Names)} (default: {Devices.This}, which measures this one for a second).",
        HelpName = "NAME",
        Arity = ArgumentArity.ExactlyOne,
    };

    /// <summary>The machine; unknown names are refused before anything is measured.</summary>
    public string Check(ParseResult parse)
    {
        string name = parse.GetValue(Option) ?? Devices.This;
        if (Names.Contains(name, StringComparer.OrdinalIgnoreCase)) return name;
        string hint = NearestName.Find(name, Names) is { } nearest ? $"did you mean {nearest}?" : $"take {string.Join(", ", Names)}";
        throw ParScaleException.Usage("PL-02", $"--device {ParScaleException.Quote(name)} is not known; {hint}");
    }

    /// <summary>The figures of a checked name.</summary>
    public static Device Find(string name, Terminal terminal)
    {
        if (Devices.Find(name) is { } known) return known;
        MachineSpeed speed = MachineSpeed.Measure();
        var machine = MachineInfo.Here();
        terminal.Note(string.Create(CultureInfo.InvariantCulture,
            $"this machine reads {speed.ReadRate / 1e9:F1} GB/s and does {speed.Int8Rate / 1e9:F0} G multiply-adds/s in 8 bits, {speed.Float32Rate / 1e9:F0} G in float32"));
        return Devices.Measured($"{machine.Processor}, {machine.Cores} cores", machine.MemoryBytes, speed.ReadRate, speed.Float32Rate, speed.Int8Rate,
            ProductFigure.Rates(speed.Products));
    }
}
