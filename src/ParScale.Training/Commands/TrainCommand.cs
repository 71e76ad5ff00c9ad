using System.CommandLine;
using ParScale.Training.Configuration;
using ParScale.Training.Distributed;
using ParScale.Training.Evaluation;
using ParScale.Training.Inputs;
using ParScale.Training.Runs;
using ParScale.Training.Runtime;

namespace ParScale.Training.Commands;

/// <summary>
/// <c>parscale-train train</c>: trains a model from scratch or from another one, or continues a run. What a run computes is set by
/// <see cref="TrainSettings"/>; here are only the flags that tell what to do with it.
/// </summary>
internal static class TrainCommand
{
    private static readonly SettingFlags Settings = new();
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "folder of the run" };
    private static readonly Option<bool> Resume = new("--resume") { Description = "continue from the newest checkpoint" };
    private static readonly Option<bool> AllowChanged = new("--allow-changed") { Description = "with --resume: continue although data, seed, batch or another option has changed" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "print settings, size and memory without starting a run" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object at the end" };
    private static readonly Option<bool> Supervised = new("--supervised") { Hidden = true, Description = "stop and save when standard input ends" };

    public static Command Create()
    {
        var command = new Command("train", "Train a model on a text file or on shards") { Output, Resume, AllowChanged, DryRun, Json, Supervised };
        Settings.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        RunConfig config = Settings.Read(parse);
        if (parse.GetValue(DryRun))
        {
            RunPreview.Of(config).Write(parse.GetValue(Json));
            return 0;
        }
        string output = parse.GetValue(Output) ?? throw ParScaleException.Usage("TR-10", "--output is needed, the folder of the run");
        using StopSignal stop = StopSignal.OfProcess();
        if (parse.GetValue(Supervised)) stop.RaiseAtEndOfInput();
        StartingPoint? from = config.From is { } folder ? StartingPoint.Open(folder) : null;
        var run = new TrainingRun(config.Data, config.TokenizerFolder(from), output, from)
        {
            Samples = config.Get<string>(TrainSettings.SamplePrompt) is { } prompt ? new SampleOptions(prompt, config.Get<int>(TrainSettings.SampleTokens)) : null,
            Begins = config.Record,
            Group = ProcessGroup.Join(),
        };
        var control = new RunControl(parse.GetValue(Resume), parse.GetValue(AllowChanged), config.Get<int>(TrainSettings.Keep));
        RunResult result = run.Execute(
            files => config.Options(from) with { DataSha256 = files.DataSha256, TokenizerSha256 = files.TokenizerSha256, Processes = run.Group.Count }, control, stop);
        if (result.Finished && run.Group.IsFirst) result.Save();
        run.Group.Leave();
        if (parse.GetValue(Json)) Console.WriteLine(result.ToJson());
        if (!result.Finished) Console.Error.WriteLine($"stopped and saved at step {result.Step} of {result.Steps}; --resume continues it");
        return result.Finished ? 0 : ExitCodes.Stopped;
    }
}
