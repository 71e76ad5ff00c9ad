using System.Collections.Concurrent;
using System.Text.Json;
using ParScale.Files;
using ParScale.Training.Inputs;

namespace ParScale.Training.Sweeps;

/// <summary>
/// The folder of a sweep: <c>sweep.json</c> (the runs it is for), <c>runs/NAME/</c>, <c>logs/NAME.log</c> (what they said) and
/// <c>results.csv</c>. <c>sweep.lock</c> keeps a second sweep out. The table is made from the folders of the runs: a kill loses no row.
/// </summary>
internal sealed class SweepFolder : IDisposable
{
    private const string RecordName = "sweep.json";
    private static readonly JsonSerializerOptions Format =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, NewLine = "\n" };

    private readonly string _path;
    private readonly SweepPlan _plan;
    private readonly FileStream _lock;
    private readonly Lock _writing = new();
    private readonly ConcurrentDictionary<string, SweepRow> _rows = [];
    private readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> _done;
    private readonly Dictionary<string, SweepInputs> _inputs;

    /// <summary>Opens or makes the folder for the runs of <paramref name="plan"/>.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="plan">The runs; others than were here before may only be added.</param>
    /// <param name="threads">Threads of a run, if asked for.</param>
    /// <param name="jobs">Runs at once.</param>
    /// <param name="known">Models that were read before.</param>
    /// <param name="done">A table of runs that were finished elsewhere, which are not made again; null for none.</param>
    /// <exception cref="ParScaleException">A row of that table is of other settings or data (SW-10), or a run here of other data (SW-12). The folder is used by something else (SW-04), another sweep (SW-05) or process (SW-06), or cannot be written (SW-08).</exception>
    public SweepFolder(string path, SweepPlan plan, int? threads, int jobs, KnownInputs known, string? done = null)
    {
        (_path, _plan) = (path, plan);
        _done = done is null ? new Dictionary<string, IReadOnlyDictionary<string, string>>() : SweepTable.Read(done);
        string name = $"-o {ParScaleException.Quote(path)}";
        if (File.Exists(path)) throw ParScaleException.Usage("SW-04", $"{name} is a file; give a folder");
        string record = Path.Combine(path, RecordName);
        bool used = Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(entry => Path.GetFileName(entry) != "sweep.lock");
        if (used && !File.Exists(record)) throw ParScaleException.Usage("SW-04", $"{name} is not the folder of a sweep; give another, or an empty one");
        Threads = File.Exists(record) ? Compare(SweepRecord.Read(record), threads, name) : threads ?? Math.Max(1, Environment.ProcessorCount / jobs);
        // Before anything is made: what is refused leaves no folder.
        _inputs = SweepInputs.Of(plan, Threads, known);
        RequireSameInputs(done);
        try
        {
            foreach (string folder in (string[])["runs", "logs"]) Directory.CreateDirectory(Path.Combine(path, folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "SW-08", $"{name} cannot be created; check the path and its permissions", e);
        }
        _lock = TakeLock(Path.Combine(path, "sweep.lock"), name);
        DurableFile.RemoveUnfinished(path);
        WriteWhole(record, JsonSerializer.Serialize(SweepRecord.Of(plan, Threads), Format) + "\n");
    }

    /// <summary>Threads of one run: those it was begun with.</summary>
    public int Threads { get; }

    /// <summary>The table.</summary>
    public string Table => Path.Combine(_path, SweepTable.FileName);

    public void Dispose() => _lock.Dispose();

    /// <summary>The folder of a run.</summary>
    public string RunFolder(SweepRun run) => SystemPath.Full(Path.Combine(_path, "runs", run.Name));

    /// <summary>What a run said on its standard error and output, over all its starts.</summary>
    public string LogFile(SweepRun run) => Path.Combine(_path, "logs", run.Name + ".log");

    /// <summary>The row of a run; null until it is finished.</summary>
    public SweepRow? RowOf(SweepRun run)
    {
        if (_rows.TryGetValue(run.Name, out SweepRow? known)) return known;
        if (SweepRow.Read(run, RunFolder(run)) is not { } row) return null;
        return _rows[run.Name] = row;
    }

    /// <summary>Whether a run is finished, here or elsewhere.</summary>
    public bool IsDone(SweepRun run) => _done.ContainsKey(run.Name) || RowOf(run) is not null;

    /// <summary>Writes the table of all finished runs, in the order of the plan. The old one stays until the new one is whole.</summary>
    public void WriteTable()
    {
        string[] more = [.. _plan.Columns.Where(column => column != "streams" && !SweepRow.Columns.Contains(column))];
        lock (_writing)
        {
            IEnumerable<IReadOnlyDictionary<string, string>> rows = _plan.Runs
                .Select(run => RowOf(run)?.Cells(more) ?? _done.GetValueOrDefault(run.Name)).OfType<IReadOnlyDictionary<string, string>>();
            WriteWhole(Table, SweepTable.Write([.. SweepRow.Columns, .. more], rows));
        }
    }

    // Finished runs stay, but only beside others of the same text, tokenizer, first model and threads.
    private void RequireSameInputs(string? done)
    {
        foreach (SweepRun run in _plan.Runs)
        {
            SweepInputs now = _inputs[run.Name];
            if (_done.TryGetValue(run.Name, out IReadOnlyDictionary<string, string>? row) && !now.AreOf(run, row["settings"]))
            {
                throw ParScaleException.Usage("SW-10",
                    $"--done {ParScaleException.Quote(done!)}: run {run.Name} was made with other settings than {Path.GetFileName(_plan.File.Path)} gives it, or with other data, tokenizer, "
                    + "first model or threads; remove its row to make it again");
            }
            if (RowOf(run) is { } made && made.Inputs != now)
            {
                throw ParScaleException.Usage("SW-12",
                    $"-o {ParScaleException.Quote(_path)}: run {run.Name} was made with other data, tokenizer, first model or threads than it would be now; restore them, give another folder, or remove runs/{run.Name} to make it again");
            }
        }
    }

    private int Compare(SweepRecord before, int? threads, string name)
    {
        if (before.Difference(_plan) is { } difference)
        {
            throw ParScaleException.Usage("SW-05",
                $"{name} belongs to another sweep than {Path.GetFileName(_plan.File.Path)}: {difference}; give another folder (new runs may be added to a sweep, none changed)");
        }
        if (threads is not null && threads != before.Threads)
            throw ParScaleException.Usage("SW-05", $"{name} was begun with --threads {before.Threads}; results depend on it, leave the flag out");
        return before.Threads;
    }

    private static FileStream TakeLock(string file, string name)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "SW-06", $"{name} is in use by another sweep, or its sweep.lock may not be written; wait, or give another folder", e);
        }
    }

    private static void WriteWhole(string path, string text)
    {
        try
        {
            DurableFile.ReplaceText(path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "SW-08",
                $"{ParScaleException.Quote(Path.GetFileName(path))} cannot be written; check the free space and permissions of -o, then give the command again", e);
        }
    }
}
