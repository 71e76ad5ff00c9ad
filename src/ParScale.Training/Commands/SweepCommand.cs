using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using ParScale.Training.Configuration;
using ParScale.Training.Inputs;
using ParScale.Training.Sweeps;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train sweep</c>: a grid of runs from one file, one row each in a table that <c>parscale law fit</c> reads.</summary>
internal static class SweepCommand
{
    private const int MostJobs = 256;

    private static readonly Argument<string> FileArgument = new("file") { Description = "JSON file with base, grid and models" };
    private static readonly Option<string> Output = new("--output", "-o") { Required = true, Description = "folder of the sweep" };
    private static readonly Option<int> Jobs = new("--jobs", "-j") { DefaultValueFactory = _ => 1, Description = "runs at once" };
    private static readonly Option<int?> Threads = new("--threads") { Description = "threads of one run (default: all cores, divided by --jobs)" };
    private static readonly Option<string?> Done = new("--done") { Description = "results.csv of runs that were finished elsewhere: they are not made again, and their rows are taken over" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "list the runs and their cost without starting one" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object at the end" };

    public static Command Create()
    {
        var command = new Command("sweep", "Train every combination of a grid of settings") { FileArgument, Output, Jobs, Threads, Done, DryRun, Json };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parse)
    {
        (int jobs, int? threads) = (parse.GetValue(Jobs), parse.GetValue(Threads));
        if (jobs is < 1 or > MostJobs) throw ParScaleException.Usage("TR-10", $"--jobs must be 1 to {MostJobs}");
        if (threads is < 1 or > 1024) throw ParScaleException.Usage("TR-10", "--threads must be 1 to 1024");
        var plan = new SweepPlan(SweepFile.Read(parse.GetRequiredValue(FileArgument)));
        if (threads is not null && plan.Runs.Any(run => run.Values.Any(value => value.Setting == TrainSettings.Threads)))
            throw ParScaleException.Usage("TR-10", "--threads: the sweep's file gives threads; leave one out");
        var known = new KnownInputs();
        Dictionary<string, RunEstimate> sizes = SweepSizes.Of(plan, known);
        if (parse.GetValue(DryRun)) return List(plan, sizes, parse.GetValue(Json));

        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            // Once more means: at once. The runs notice, and save.
            if (stop.IsCancellationRequested) return;
            context.Cancel = true;
            stop.Cancel();
        }
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var folder = new SweepFolder(parse.GetRequiredValue(Output), plan, threads, jobs, known, parse.GetValue(Done));
        SweepReport report = new SweepRunner(plan, folder, sizes, jobs).Run(stop.Token);
        if (parse.GetValue(Json)) Console.WriteLine(report.ToJson());
        return Exit(report);
    }

    private static int Exit(SweepReport report)
    {
        if (report.Finished) return 0;
        if (report.Stopped) return ExitCodes.Stopped;
        SweepFailure first = report.Failed[0];
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"parscale-train: error SW-07: {report.Failed.Count} of {report.Runs} runs failed, {first.Name} with exit code {first.ExitCode}; ")
            + "see logs/ in the folder of the sweep; the same command runs them again");
        return first.ExitCode is > 0 and < 128 ? first.ExitCode : ErrorReport.Bug;
    }

    private static int List(SweepPlan plan, Dictionary<string, RunEstimate> sizes, bool json)
    {
        if (json) Console.WriteLine(SweepSizes.ToJson(plan, sizes));
        int width = plan.Runs.Max(run => run.Name.Length);
        foreach (SweepRun run in json ? [] : plan.Runs)
        {
            RunEstimate size = sizes[run.Name];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{run.Name.PadRight(width)}  n {size.N,12}  p {size.Streams,2}  parameters {size.Parameters,12}  tokens {size.Tokens,14}  FLOPs {size.Flops:E2}"));
        }
        if (!json) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{plan.Runs.Count} runs, FLOPs {sizes.Values.Sum(size => size.Flops):E2}"));
        return 0;
    }
}
