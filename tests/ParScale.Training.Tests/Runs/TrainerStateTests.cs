using System.Text.Json.Nodes;
using ParScale.Training.Configuration;
using ParScale.Training.Inputs;
using ParScale.Training.Runs;

namespace ParScale.Training.Tests.Runs;

public sealed class TrainerStateTests
{
    [Fact]
    public void What_was_written_is_read_back_and_the_losses_may_be_absent()
    {
        using var folder = new TempFolder();
        string[] inputs = Samples.Inputs(folder);
        TrainingOptions options = TrainerTests.OptionsOf(RunInputs.Load(inputs[1], inputs[3]));
        var state = new TrainerState(13, 2.5, 1.25, 8, options, LossSum: 9.5, LossCount: 3, GradientNorm: 0.5);
        File.WriteAllText(folder.File("state.json"), state.ToJson());
        Assert.Equal(state, TrainerState.Read(folder.File("state.json")));

        JsonObject json = JsonNode.Parse(state.ToJson())!.AsObject();
        Assert.Equal("f32", json["options"]!["compute"]!.GetValue<string>());
        foreach (string key in (string[])["loss_sum", "loss_count", "gradient_norm"]) Assert.True(json.Remove(key));
        // As the key was called before.
        JsonObject saved = json["options"]!.AsObject();
        Assert.True(saved.Remove("activation_checkpointing"));
        saved["recompute"] = true;
        state = state with { Options = options with { ActivationCheckpointing = true } };
        File.WriteAllText(folder.File("state.json"), json.ToJsonString());
        Assert.Equal(state with { LossSum = 0, LossCount = 0, GradientNorm = 0 }, TrainerState.Read(folder.File("state.json")));
    }
}
