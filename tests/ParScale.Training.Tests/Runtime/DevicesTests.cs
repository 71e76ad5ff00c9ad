using ParScale.Training.Runtime;
using TorchSharp;

namespace ParScale.Training.Tests.Runtime;

public sealed class DevicesTests
{
    [Fact]
    public void Without_a_library_for_gpus_auto_is_the_processor_and_cuda_is_refused()
    {
        Assert.SkipWhen(Devices.Of(DeviceChoice.Auto).type != DeviceType.CPU, "there is a GPU");
        Assert.Equal(DeviceType.CPU, Devices.Of(DeviceChoice.Cpu).type);
        Assert.Equal("TR-24", Assert.Throws<ParScaleException>(() => Devices.Of(DeviceChoice.Cuda)).Code);
    }

    [Fact]
    public void The_command_refuses_a_gpu_that_is_not_there_before_it_makes_a_folder()
    {
        Assert.SkipWhen(Devices.Of(DeviceChoice.Auto).type != DeviceType.CPU, "there is a GPU");
        using var folder = new TempFolder();
        (int exit, _, string error) = Trained.Run(Samples.Run(folder, "run", ("--device", "cuda")));
        Assert.Equal(2, exit);
        Assert.StartsWith("parscale-train: error TR-24: --device cuda", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.False(Directory.Exists(folder.File("run")));
    }
}
