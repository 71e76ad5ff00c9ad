using ParScale.Configuration;
using ParScale.Kernels.Formats;

namespace ParScale.Quantization;

/// <summary>What loading asks of a folder whose config says that it is quantised.</summary>
internal static class QuantizedFolder
{
    /// <summary>Refuses a folder whose weights do not begin as <c>parscale quantize</c> begins them; notes weights that others may change.</summary>
    /// <exception cref="ParScaleException">The file has no seal (QC-01).</exception>
    public static void RequireSeal(string folder, List<string> notices)
    {
        string path = Path.Combine(folder, HeaderChecksum.WeightsName);
        if (!File.Exists(path)) return;
        if (!HeaderChecksum.IsSealed(path))
            throw QuantizedFault.Create("QC-01", path, "does not begin as a quantised file does, but its config.json says that it is one");
        if (OperatingSystem.IsWindows() || !File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherWrite)) return;
        notices.Add($"{HeaderChecksum.WeightsName}: every user of this machine may change it; its checksums were compared when it was loaded");
    }

    /// <summary>Refuses to run a quantised folder in another type.</summary>
    /// <exception cref="ParScaleException">The types differ (QZ-04).</exception>
    public static void RequireType(CheckpointConfig config, WeightDtype? requested)
    {
        if (config.QuantizedType is not { } type || requested is null || requested == type) return;
        throw ParScaleException.Usage("QZ-04",
            $"this folder is quantised to {Name(type)} and cannot run in {Name(requested.Value)}; leave --dtype out, or use the folder it was made from");
    }

    /// <summary>The name of a type on the command line.</summary>
    public static string Name(WeightDtype type) => type.ToString().ToLowerInvariant();
}
