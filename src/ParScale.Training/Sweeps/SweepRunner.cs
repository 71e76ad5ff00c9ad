using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>Makes the runs that are not finished, several at once, each as a process; one that fails does not end the others.</summary>
internal sealed class SweepRunner(SweepPlan plan, SweepFolder folder, IReadOnlyDictionary<string, RunEstimate> sizes, int jobs)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentQueue<SweepRun> _waiting = new(plan.Runs.Where(run => !folder.IsDone(run)));
    private readonly ConcurrentBag<SweepFailure> _failed = [];

    public SweepReport Run(CancellationToken stop)
    {
        folder.WriteTable();
        var progress = new SweepProgress(plan.Runs.Count, plan.Runs.Count - _waiting.Count, _waiting.Sum(run => sizes[run.Name].Flops));
        Task[] workers = [.. Enumerable.Range(0, Math.Min(jobs, _waiting.Count)).Select(_ => Task.Factory.StartNew(
            () => Work(progress, stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        Task.WaitAll(workers, CancellationToken.None);
        int done = plan.Runs.Count(folder.IsDone);
        SweepFailure[] failed = [.. _failed.OrderBy(failure => failure.Name, StringComparer.Ordinal)];
        return new SweepReport(done == plan.Runs.Count, stop.IsCancellationRequested, plan.Runs.Count, done, failed, folder.Table);
    }

    private void Work(SweepProgress progress, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested && _waiting.TryDequeue(out SweepRun? run))
        {
            progress.Begin(run.Name, sizes[run.Name]);
            WaitForEarlier(run, stop);
            string last = "";
            string[] words = [.. run.Arguments(plan.Folder, folder.RunFolder(run), folder.Threads), "--resume", "--supervised"];
            int exit = RunProcess.Run(words, folder.LogFile(run), line =>
            {
                last = line;
                progress.Take(run.Name, line);
            }, stop);
            SweepRow? row = exit == 0 ? folder.RowOf(run) : null;
            if (row is not null) folder.WriteTable();
            else if (!stop.IsCancellationRequested) _failed.Add(new SweepFailure(run.Name, exit, last));
            progress.End(run.Name, row is not null, Outcome(row, exit, last, stop));
        }
    }

    private static string Outcome(SweepRow? row, int exit, string last, CancellationToken stop) => row is not null
        ? string.Create(CultureInfo.InvariantCulture, $"done: n {row.N}, val {row.Final.PerToken:F4}, {row.Seconds:F0} s")
        : stop.IsCancellationRequested ? "stopped" : string.Create(CultureInfo.InvariantCulture, $"failed with exit code {exit}: {last}");

    /// <summary>The run of a sweep that was killed saves and ends by itself; the new one waits for that.</summary>
    private void WaitForEarlier(SweepRun run, CancellationToken stop)
    {
        string file = Path.Combine(folder.RunFolder(run), "run.lock");
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < LongestWait && !stop.IsCancellationRequested && File.Exists(file))
        {
            try
            {
                using var free = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                return;
            }
            catch (IOException)
            {
                stop.WaitHandle.WaitOne(Pause);
            }
        }
    }
}
