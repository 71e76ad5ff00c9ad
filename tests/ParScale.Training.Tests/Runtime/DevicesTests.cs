using ParScale.Training.Modules;
using ParScale.Training.Runtime;
using TorchSharp;
using static TorchSharp.torch;

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

    /// <summary>
    /// The meta device has shapes but no numbers; an operation that mixes it with another device throws, as on a GPU. It knows neither
    /// look-ups of rows nor rolls, so embedding and rotation stay untested.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void No_weight_stays_behind_when_a_model_moves(int streams)
    {
        using var scope = NewDisposeScope();
        using var model = new ParScaleLm(Samples.Config(streams), prefixMlp: streams > 1 ? 6 : 0);
        model.to(META);
        Assert.Equal(DeviceType.META, model.Device.type);
        Assert.All(model.CheckpointTensors(), tensor => Assert.Equal(DeviceType.META, tensor.Value.device.type));
        Tensor states = zeros([streams, 2, 12, model.Config.HiddenSize], device: META).requires_grad_(true);
        Tensor weights = model.MixingWeights(states);
        (model.Logits(model.Mix(states)).sum() + weights.sum()).backward();
        Assert.Equal(DeviceType.META, states.grad!.device.type);
    }
}
