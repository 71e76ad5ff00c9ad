using ParScale.Configuration;
using ParScale.Files;
using ParScale.Training.Checkpointing;
using ParScale.Training.Configuration;
using ParScale.Training.Conversion;
using ParScale.Training.Data;
using ParScale.Training.Distributed;
using ParScale.Training.Evaluation;
using ParScale.Training.Inputs;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Reporting;
using ParScale.Training.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>A whole run: reads the inputs, builds or restores model and optimizer, trains, saves, measures what was saved.</summary>
internal sealed class TrainingRun(string dataPath, string tokenizerFolder, string outputFolder, StartingPoint? from = null)
{
    /// <summary>What the model writes at evaluations; null for nothing.</summary>
    public SampleOptions? Samples { get; init; }

    /// <summary>The processes that share the work; only the first of them reads and writes the run's folder.</summary>
    public ProcessGroup Group { get; init; } = ProcessGroup.Alone;

    /// <summary>Called with the run's folder and its options once it is sure to begin; null for nothing.</summary>
    public Action<string, TrainingOptions>? Begins { get; init; }

    public RunResult Execute(Func<RunInputs, TrainingOptions> optionsFor, RunControl control, StopSignal stop)
    {
        control.Validate();
        stop.Enter("reading the data");
        using RunInputs inputs = RunInputs.Load(dataPath, tokenizerFolder);
        TrainingOptions options = optionsFor(inputs);
        options.Validate();
        CheckpointConfig config = from?.Configure(options, inputs.Tokenizer.VocabularySize)
            ?? options.Config(inputs.Tokenizer.VocabularySize, inputs.Tokenizer.IdOf(TokenizerWriter.EndOfText));
        bool frozen = options.Train == TrainedSet.Streams;
        RequireMemory(RunEstimate.Of(config, options));
        stop.Enter("preparing the data");
        RunData data = inputs.Source.Cut(options, inputs.Tokenizer);
        var validation = new Validation(data.HeldOut, options.IrreducibleLoss, Group);
        NativeTorch.Require();
        Device device = DeviceOf(options);
        using RunFolder? folder = Group.IsFirst
            ? new RunFolder(outputFolder, tokenizerFolder, options.SaveType.InFiles(), frozen ? from?.Backbone : null, control.Keep, from?.Folder)
            : null;
        stop.Enter("checking the run's folder");
        folder?.Prepare(control.Resume);
        string? checkpoint = control.Resume ? folder?.UsableCheckpoint() : null;
        TrainerState start = Shared(Group.IsFirst ? StateIn(checkpoint, options, control.AllowChanged) : null);
        if (folder is not null) Begins?.Invoke(folder.Path, options);

        stop.Enter("building the model");
        NativeHeap.KeepFreedBlocks();
        set_num_threads(options.Threads);
        using var model = new ParScaleLm(
            config, options.Seed, options.Compute.InTorch(), options.Dropout, options.PrefixMlp, options.Prefixes, options.WeightDeviation);
        if (frozen) model.FreezeBackbone();
        if (options.HidesFirstPrefix) model.HideFirstPrefix();
        using FirstPrefix? firstPrefix = options.HidesFirstPrefix ? new FirstPrefix(data.Sample, config, options.Seed) : null;
        if (device.type != DeviceType.CPU) model.to(device);
        using var optimizer = new AdamW(
            model.named_parameters().Where(p => p.parameter.requires_grad), options.Beta2, options.WeightDecay, options.Beta1, options.Epsilon,
            new RateFactors(options.PrefixRate, options.AggregatorRate));
        if (checkpoint is not null) RunFolder.Restore(checkpoint, model, optimizer);
        else if (Group.IsFirst) Fill(model, options, data.Sample);
        Share(model);
        foreach ((_, Tensor moment) in optimizer.State) Group.FromFirst(moment);

        using RunReports? reports = folder is null ? null : new RunReports(folder.Path, config, start, device, Samples, inputs.Tokenizer);
        if (start.Step < options.Steps) folder?.RemoveResult();
        stop.Guard();
        TrainerState end = new Trainer(options, model, optimizer, data.Training, validation, folder, reports, Group, firstPrefix).Run(start, stop.Token);
        var result = new RunResult(
            false, end.Step, options.Steps, end.ElapsedSeconds, config.Parameters, end.BestStep, null, null, outputFolder, reports?.Speed);
        if (end.Step < options.Steps || end.Pending) return result;
        firstPrefix?.Write(model, Group);
        folder?.SaveFinal(model);
        ValidationLoss? final = Measure(RunFolder.FinalName, config, validation, device, stop.Token);
        ValidationLoss? best = Measure(RunFolder.BestName, config, validation, device, stop.Token);
        return result with { Finished = final is not null && best is not null, Final = final, Best = best };
    }

    /// <summary>Where the run stands: at a checkpoint, or at the start if there is none.</summary>
    private TrainerState StateIn(string? checkpoint, TrainingOptions options, bool allowChanged)
    {
        string data = SystemPath.Full(dataPath);
        if (checkpoint is null) return new TrainerState(0, 0, null, 0, options, Data: data);
        TrainerState saved = TrainerState.Read(Path.Combine(checkpoint, CheckpointCheck.StateFile));
        TrainerState start = ResumeCheck.Continue(checkpoint, saved, options, data, allowChanged);
        // A best/ that somebody removed, or that was saved after steps that are lost now, is not the one of the checkpoint.
        bool best = CheckpointCheck.HoldsModelOf(Path.Combine(outputFolder, RunFolder.BestName), start.BestStep);
        return best ? start : start with { BestLossPerToken = null };
    }

    /// <summary>The state of the first process.</summary>
    private TrainerState Shared(TrainerState? mine)
    {
        string? json = Group.FromFirst(mine?.ToJson());
        return mine ?? TrainerState.Parse(json ?? throw new InvalidOperationException("the first process has no state"));
    }

    /// <summary>What a new run starts from instead of the numbers that were drawn.</summary>
    private void Fill(ParScaleLm model, TrainingOptions options, int[] text)
    {
        if (from is not null) from.Fill(model, options, text);
        else if (options.Init == StreamInit.Text) TextPrefixes.Fill(model, text, options.Seed);
    }

    private void Share(ParScaleLm model)
    {
        foreach (Tensor weights in model.parameters()) Group.FromFirst(weights);
    }

    /// <summary>The state must fit before anything is allocated; activations not included.</summary>
    private static void RequireMemory(RunEstimate size)
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        long needed = size.StateBytes * MpiLaunch.RanksHere;
        if (needed <= available) return;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "TR-09",
            $"{size.Parameters} parameters need {needed >> 30} GiB to train, this machine has {available >> 30} GiB; choose a smaller shape");
    }

    private static Device DeviceOf(TrainingOptions options)
    {
        Device device = Devices.Of(options.Device);
        // Only the processor's generator can be set back to draw the same again.
        if (options.ActivationCheckpointing && options.Dropout > 0 && device.type != DeviceType.CPU)
            throw ParScaleException.Usage("TR-10", "--activation-checkpointing with --dropout needs --device cpu; leave one of the two out");
        return device;
    }

    /// <summary>The loss of a model as it was saved; the first process hands it to the others.</summary>
    private ValidationLoss? Measure(string name, CheckpointConfig config, Validation validation, Device device, CancellationToken stop)
    {
        using ParScaleLm saved = Group.IsFirst ? ModelFolder.Load(Path.Combine(outputFolder, name)) : new ParScaleLm(config);
        if (device.type != DeviceType.CPU) saved.to(device);
        Share(saved);
        ValidationLoss? loss = validation.Measure(saved, stop);
        if (loss?.Elastic is not { } elastic || elastic.All(cut => cut.Streams > 1)) return loss;
        // One stream is the plain model, not stream 0 with the prefix that the saved model has.
        saved.HideFirstPrefix();
        if (validation.Measure(saved, stop)?.Elastic is not { } plain) return null;
        return loss with { Elastic = [plain.First(cut => cut.Streams == 1), .. elastic.Where(cut => cut.Streams > 1)] };
    }
}
