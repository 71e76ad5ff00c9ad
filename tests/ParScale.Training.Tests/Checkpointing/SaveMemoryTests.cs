using System.Globalization;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Inputs;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Runs;
using ParScale.Training.Tests.Runs;

namespace ParScale.Training.Tests.Checkpointing;

public sealed class SaveMemoryTests
{
    [Fact]
    public void A_save_holds_no_second_copy_of_the_model()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("needs /proc");
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config(streams: 1, hidden: 512, intermediate: 2048, layers: 6, vocabulary: 4000);
        using var model = new ParScaleLm(config);
        using var optimizer = new AdamW(model.named_parameters(), 0.99, 0.1);
        string[] inputs = Samples.Inputs(folder);
        using var run = new RunFolder(folder.File("run"), inputs[3], TensorType.F32);
        run.Prepare(resume: false);
        var state = new TrainerState(1, 0, null, 0, TrainerTests.OptionsOf(RunInputs.Load(inputs[1], inputs[3])));
        run.SaveCheckpoint(model, optimizer, state);

        // Writing 5 sets the highest resident size to the one of now.
        File.WriteAllText("/proc/self/clear_refs", "5");
        long before = Kilobytes("VmHWM:");
        run.SaveCheckpoint(model, optimizer, state with { Step = 2 });
        long grown = (Kilobytes("VmHWM:") - before) * 1024, weights = config.Parameters * 4;
        Assert.True(weights > 80_000_000 && grown < weights / 5, $"{weights} bytes of weights, {grown} more while saving");
        Assert.Null(CheckpointCheck.Find(folder.File("run/checkpoint-2"), 2));
    }

    private static long Kilobytes(string field)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
