using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using Machines = ParScale.ScalingLaws.Cost.Devices;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>What a recorded decode step asks of a device is what the cost model and <c>parscale bench</c> count with.</summary>
public class StepTotalsTests(TestDevice test) : ModelTest(test)
{
    [Fact]
    public void The_shaders_of_a_step_are_those_that_the_cost_model_counts()
    {
        RecordingTotals two = Step(layers: 2, streams: 4), three = Step(layers: 3, streams: 4), plain = Step(layers: 2, streams: 1);
        Assert.Equal(Machines.VulkanLayerDispatches, three.Dispatches - two.Dispatches);
        Assert.Equal(Machines.VulkanPassDispatches, two.Dispatches - 2 * Machines.VulkanLayerDispatches);
        Assert.True(plain.Dispatches < two.Dispatches);
    }

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void A_plain_step_reads_every_weight_once(WeightDtype type)
    {
        RecordingTotals step = Step(layers: 2, streams: 1, type);
        Assert.Equal(_weightBytes, step.WeightBytes);
        Assert.True(step.Bytes > step.WeightBytes);
    }

    private long _weightBytes;

    // Sizes that fill tiles and groups, so that nothing is padded.
    private RecordingTotals Step(int layers, int streams, WeightDtype type = WeightDtype.Q8)
    {
        string folder = Folder($"l{layers}p{streams}{type}");
        CheckpointConfig config = RandomCheckpoint.Config(streams, hidden: 128, heads: 4, keyValueHeads: 2, layers: layers, intermediate: 256, vocabulary: 96);
        RandomCheckpoint.Write(folder, config, seed: 9);
        using LanguageModel model = Load(folder, new LoadOptions { Dtype = type });
        _weightBytes = model.WeightBytes;
        Logits(model, [1, 2, 3], [2, 1]);
        // The one that ran last: a step.
        return RecordingTotals.Of([.. Shared.Last!.Recorded[^1].Parts.SelectMany(part => part.Log)]);
    }
}
