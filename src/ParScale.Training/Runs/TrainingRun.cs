using ParScale.Model;
using ParScale.Training.Checkpointing;
using ParScale.Training.Data;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Runtime;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>A whole run: reads the inputs, builds or restores model and optimizer, trains, saves, measures what was saved.</summary>
internal sealed class TrainingRun(string dataPath, string tokenizerFolder, string outputFolder)
{
    public RunResult Execute(Func<RunInputs, TrainingOptions> optionsFor, bool resume, CancellationToken stop)
    {
        RunInputs inputs = RunInputs.Load(dataPath, tokenizerFolder);
        TrainingOptions options = optionsFor(inputs);
        options.Validate();
        Corpus corpus = Corpus.Split(inputs.Text, options.ValidationFraction);
        ModelConfig config = options.ModelConfig(inputs.Tokenizer.VocabularySize, inputs.Tokenizer.IdOf(TokenizerWriter.EndOfText));
        RequireMemory(config);
        var data = new DataOrder(inputs.Tokenizer.Encode(corpus.Training), options.Context, options.Seed);
        var validation = new Validation(corpus.Validation, inputs.Tokenizer, options.Context);
        NativeTorch.Require();
        using var folder = new RunFolder(outputFolder, tokenizerFolder, options.SaveType.InFiles());
        folder.Prepare(resume);

        NativeHeap.KeepFreedBlocks();
        set_num_threads(options.Threads);
        using var model = new ParScaleLm(config, options.Seed, options.Compute.InTorch(), options.Dropout);
        using var optimizer = new AdamW(model.named_parameters(), options.Beta2, options.WeightDecay);
        var start = new TrainerState(0, 0, null, 0, options);
        if (resume && folder.NewestCheckpoint() is { } newest) start = RunFolder.Restore(newest, model, optimizer, options);

        TrainerState end = new Trainer(options, model, optimizer, data, validation, folder).Run(start, stop);
        var result = new RunResult(
            false, end.Step, options.Steps, end.ElapsedSeconds, config.TotalParameters, end.BestStep, null, null, outputFolder);
        if (end.Step < options.Steps || end.Pending) return result;
        ValidationLoss? final = Measure(folder.SaveModel(model, "final"), validation, stop);
        ValidationLoss? best = Measure(Path.Combine(folder.Path, "best"), validation, stop);
        return result with { Finished = final is not null && best is not null, Final = final, Best = best };
    }

    /// <summary>Weights, gradients and two moments in float32 must fit before anything is allocated; activations come on top.</summary>
    private static void RequireMemory(ModelConfig config)
    {
        const int BytesPerParameter = 16;
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (config.TotalParameters <= available / BytesPerParameter) return;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "TR-09",
            $"{config.TotalParameters} parameters need {config.TotalParameters / (1 << 26)} GiB to train, this machine has {available >> 30} GiB; choose a smaller shape");
    }

    private static ValidationLoss? Measure(string modelFolder, Validation validation, CancellationToken stop)
    {
        using ParScaleLm saved = ModelFolder.Load(modelFolder);
        return validation.Measure(saved, stop);
    }
}
