using ParScale.Training.Distributed;
using static TorchSharp.torch;

namespace ParScale.Training.Runtime;

/// <summary>Where a run computes.</summary>
internal static class Devices
{
    private static readonly string[] CudaLibraries = ["libtorch_cuda.so", "torch_cuda.dll"];

    /// <summary>The device of <paramref name="choice"/>.</summary>
    /// <exception cref="ParScaleException">A GPU is asked for and there is none that libtorch can use (TR-24).</exception>
    public static Device Of(DeviceChoice choice)
    {
        if (choice == DeviceChoice.Cpu) return CPU;
        if (HasCudaLibrary() && cuda.is_available())
        {
            // Each process of a machine takes a GPU of its own, as far as they go.
            return MpiLaunch.IsPresent ? device(TorchSharp.DeviceType.CUDA, MpiLaunch.RankHere % cuda.device_count()) : CUDA;
        }
        if (choice == DeviceChoice.Auto) return CPU;
        throw ParScaleException.Usage("TR-24", HasCudaLibrary()
            ? "--device cuda: libtorch finds no GPU; check the driver with nvidia-smi, or leave the flag out"
            : "--device cuda: this build has the CPU version of libtorch; docs/guides/training.md says how to use the GPU version, or leave the flag out");
    }

    /// <summary>Asked for a GPU without this library, TorchSharp would look for it all over the disk and end in pages of text.</summary>
    private static bool HasCudaLibrary() =>
        Directory.EnumerateFiles(AppContext.BaseDirectory, "*torch_cuda.*", SearchOption.AllDirectories)
            .Any(path => CudaLibraries.Contains(Path.GetFileName(path)));
}
