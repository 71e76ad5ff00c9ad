using System.Runtime.InteropServices;

namespace ParScale.Training.Runtime;

/// <summary>
/// Loads libtorch before TorchSharp does. Where the system's C++ runtime is too old, TorchSharp's own attempt copies half a
/// gigabyte of libraries about and ends in pages of text; the loader's one line says what is missing.
/// </summary>
internal static class NativeTorch
{
    private static readonly string[] Libraries = ["libtorch_cpu.so", "libLibTorchSharp.so"];

    /// <exception cref="ParScaleException">A library is there but the system cannot load it.</exception>
    public static void Require()
    {
        if (!OperatingSystem.IsLinux()) return;
        string folder = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        foreach (string path in Libraries.Select(name => Path.Combine(folder, name)).Where(File.Exists))
        {
            try
            {
                NativeLibrary.Load(path);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                string reason = e.Message.Split('\n').FirstOrDefault(line => line.Contains("not found", StringComparison.Ordinal)) ?? e.Message;
                throw new ParScaleException(ErrorKind.Io, "TR-19", $"libtorch cannot be loaded ({reason.Trim()}); "
                    + "on Debian 12 run scripts/install-libstdcxx.sh, elsewhere install a C++ runtime of GCC 13 or newer", e);
            }
        }
    }
}
