using System.CommandLine;
using System.Globalization;
using ParScale.Cli.Terminals;
using ParScale.Vulkan;

namespace ParScale.Cli.Options;

/// <summary>The option <c>--device</c> of commands that run models.</summary>
internal sealed class ComputeDeviceOption
{
    private const string Auto = "auto", Cpu = "cpu", Vulkan = "vulkan";

    private readonly Option<string?> _option = new("--device")
    {
        Description = "What computes: cpu; vulkan, the best Vulkan device, or vulkan:N, the one that `parscale devices` numbers so; auto, a graphics card "
            + "where one can run the model, else the CPU (default: cpu).",
        HelpName = "auto|cpu|vulkan[:N]",
        Arity = ArgumentArity.ExactlyOne,
    };

    public ComputeDeviceOption() => _option.Validators.Add(result =>
    {
        if (result.Tokens is [{ Value: var text }] && text is not (Auto or Cpu or Vulkan) && Index(text) is null)
            result.AddError($"--device needs auto, cpu, vulkan or vulkan:N with a number of `parscale devices`, not {ParScaleException.Quote(text)}");
    });

    public void AddTo(Command command) => command.Options.Add(_option);

    /// <summary>Loads a model on the device that was asked for, and says which one it is when it is not the CPU.</summary>
    public LanguageModel Load(ParseResult parse, Terminal terminal, Func<ComputeDevice, LanguageModel> load) =>
        parse.GetValue(_option) == Auto ? LoadOnFirst([.. VulkanDevices.FindHardware(), ComputeDevice.Cpu], terminal, load) : LoadOn(Find(parse), terminal, load);

    /// <summary>Loads a model on the first device that can run it, and says why the ones before it cannot.</summary>
    internal static LanguageModel LoadOnFirst(IReadOnlyList<ComputeDevice> devices, Terminal terminal, Func<ComputeDevice, LanguageModel> load)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                return LoadOn(devices[i], terminal, load);
            }
            catch (ParScaleException refused) when (i + 1 < devices.Count && refused.Code is "VK-02" or "VK-05" or "VK-07")
            {
                terminal.Note($"{refused.Message}: {(devices[i + 1] == ComputeDevice.Cpu ? "the CPU runs it" : $"{devices[i + 1].Name} is tried")}");
            }
        }
    }

    /// <summary>The device that was asked for; of auto a graphics card where there is one, else the CPU.</summary>
    public ComputeDevice Find(ParseResult parse) => parse.GetValue(_option) switch
    {
        null or Cpu => ComputeDevice.Cpu,
        Auto => VulkanDevices.FindHardware() is [{ } best, ..] ? best : ComputeDevice.Cpu,
        Vulkan => VulkanDevices.Open(),
        { } numbered => VulkanDevices.Open(Index(numbered)!.Value),
    };

    /// <summary>What computes, for a line of figures: of the CPU its instructions and threads.</summary>
    public static string Figures(LanguageModel model) => model.Device == ComputeDevice.Cpu
        ? string.Create(CultureInfo.InvariantCulture, $"{model.KernelTier} | {model.Threads} threads") : model.Device.Name;

    private static LanguageModel LoadOn(ComputeDevice device, Terminal terminal, Func<ComputeDevice, LanguageModel> load)
    {
        LanguageModel model = load(device);
        if (device != ComputeDevice.Cpu) terminal.Note($"{device.Name} computes: {device.Description}");
        return model;
    }

    private static int? Index(string text)
    {
        bool named = text.StartsWith(Vulkan + ":", StringComparison.Ordinal);
        return named && int.TryParse(text.AsSpan(Vulkan.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : null;
    }
}
