using ParScale.Checkpoints.Safetensors;
using ParScale.Training.Checkpointing;
using ParScale.Training.Configuration;
using ParScale.Training.Distributed;
using ParScale.Training.Evaluation;
using ParScale.Training.Inputs;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Reporting;
using ParScale.Training.Runs;
using TorchSharp;

namespace ParScale.Training.Tests.Runs;

public sealed class TrainerTests
{
    [Fact]
    public void Tensors_do_not_pile_up_over_steps()
    {
        using var folder = new TempFolder();
        string[] inputs = Samples.Inputs(folder);
        RunInputs files = RunInputs.Load(inputs[1], inputs[3]);
        TrainingOptions options = OptionsOf(files);
        using var model = new ParScaleLm(options.Config(files.Tokenizer.VocabularySize, null));
        using var optimizer = new AdamW(model.named_parameters(), 0.99, 0.1);
        RunData data = files.Source.Cut(options, files.Tokenizer);
        using var run = new RunFolder(folder.File("run"), inputs[3], TensorType.F32);
        run.Prepare(resume: false);
        var state = new TrainerState(0, 0, null, 0, options);
        using var reports = new RunReports(run.Path, model.Config, state, torch.CPU, new SampleOptions("the king", 5), files.Tokenizer);
        var trainer = new Trainer(options, model, optimizer, data.Training, new Validation(data.HeldOut), run, reports, ProcessGroup.Alone);

        var live = new List<long>();
        using var stop = new CancellationTokenSource();
        for (int part = 0; part < 3; part++)
        {
            state = trainer.Run(state with { Step = 0 }, stop.Token);
            live.Add(torch.Tensor.TotalCount);
        }
        Assert.Equal(live[1], live[2]);
    }

    internal static TrainingOptions OptionsOf(RunInputs? files) => new()
    {
        DataSha256 = files?.DataSha256 ?? "",
        TokenizerSha256 = files?.TokenizerSha256 ?? "",
        Streams = 2,
        HiddenSize = 16,
        IntermediateSize = 24,
        Layers = 2,
        Heads = 2,
        KeyValueHeads = 1,
        PrefixTokens = 4,
        Smoothing = 0.1,
        Context = 16,
        Batch = 4,
        Steps = 8,
        LearningRate = 1e-3,
        MinLearningRate = 1e-4,
        Warmup = 2,
        WeightDecay = 0.1,
        Beta2 = 0.99,
        Clip = 1,
        Dropout = 0,
        ValidationFraction = 0.1,
        EvalEvery = 4,
        SaveEvery = 8,
        Seed = 1,
        Threads = 1,
        Compute = NumberType.F32,
        SaveType = NumberType.F32,
    };
}
