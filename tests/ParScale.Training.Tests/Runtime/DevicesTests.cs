using ParScale.Model;
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
    /// The meta device has shapes but no numbers; an operation that mixes it with another device throws, as on a GPU. It knows no look-up
    /// of rows, so embedding and packed rows stay untested.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void No_weight_stays_behind_when_a_model_moves(int streams)
    {
        using var scope = NewDisposeScope();
        ModelConfig config = Samples.Config(streams);
        using var layer = new DecoderLayer(config, ScalarType.Float32, prefixMlp: streams > 1 ? 6 : 0);
        using var model = new ParScaleLm(config);
        model.States(zeros([2, 12], ScalarType.Int64));
        layer.to(META);
        model.to(META);
        Assert.Equal(DeviceType.META, model.Device.type);
        using var positions = new Positions(config, 12, ScalarType.Float32, META);
        Tensor states = layer.forward(zeros([2L * streams, 12, config.HiddenSize], device: META), positions).unflatten(0, streams, 2);
        Tensor weights = model.MixingWeights(states);
        (model.Logits(model.Mix(states)).sum() + StreamSimilarity.Penalty(states) + weights.sum()).backward();
        Assert.All(layer.parameters(), parameter => Assert.Equal(DeviceType.META, parameter.grad!.device.type));
    }
}
