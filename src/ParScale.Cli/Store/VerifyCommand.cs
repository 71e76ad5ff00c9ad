using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ParScale.Cli.Commands;
using ParScale.Cli.Downloads;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Hub;
using ParScale.ScalingLaws.Plan;
using ParScale.Store;

namespace ParScale.Cli.Store;

/// <summary><c>parscale verify</c>: whether the files of models are what they should be.</summary>
internal sealed class VerifyCommand : ExampleCommand
{
    private readonly Argument<string[]> _names = new("NAME")
    {
        Description = "Models on this machine, as `parscale list` names them, or folders (default: all that are listed).",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<bool> _remove = CommonOptions.Flag("--remove-damaged", "Remove damaged files; `parscale pull` then fetches these alone.");
    private readonly StoreOptions _store = new();

    public VerifyCommand(Terminal terminal, CommonOptions common)
        : base("verify", "Read every byte of models on this machine and compare it with its hash: SHA-256 of what the hub gave, checksums of quantised folders.")
    {
        Arguments.Add(_names);
        Options.Add(_remove);
        _store.AddTo(this);
        SetAction((parse, _) => RunAsync(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale verify
          parscale verify ParScale/ParScale-1.8B-P8 my-model-q8
          parscale verify ParScale/ParScale-1.8B-P8 --remove-damaged && parscale pull ParScale/ParScale-1.8B-P8
        """;

    private async Task<int> RunAsync(ParseResult parse, Terminal terminal, bool json)
    {
        (HubCache cache, ModelStore store) = _store.Open(parse);
        (IReadOnlyList<CachedSnapshot> snapshots, IReadOnlyList<KeptFolder> kept, IReadOnlyList<string> folders) = Find(parse.GetValue(_names) ?? [], cache, store);
        var clock = Stopwatch.StartNew();
        List<VerifyRow> rows = [];
        using (var interrupt = new Interrupt(terminal.Cancellation))
        {
            foreach (CachedSnapshot snapshot in snapshots)
            {
                using var progress = new DownloadProgress(terminal, snapshot.Name);
                rows.Add(await Verification.OfAsync(cache, snapshot, progress, interrupt.Token).ConfigureAwait(false));
            }
            foreach (KeptFolder folder in kept) rows.Add(Verification.Of(folder));
            foreach (string folder in folders) rows.Add(Verification.OfFolder(folder));
        }
        var result = new VerifyResult(rows.Sum(row => row.Damaged.Count), clock.Elapsed.TotalSeconds, rows);
        if (parse.GetValue(_remove)) Remove(result, kept, store, terminal);
        if (json) terminal.WriteJson(result, CliJson.Readable.VerifyResult);
        else WriteText(result, terminal.Out);
        return rows.FirstOrDefault(row => row.Damaged.Count > 0) is { } bad ? throw Damaged(bad, result.Damaged) : 0;
    }

    private static (IReadOnlyList<CachedSnapshot> Snapshots, IReadOnlyList<KeptFolder> Kept, IReadOnlyList<string> Folders) Find(
        string[] names, HubCache cache, ModelStore store)
    {
        var models = new StoredModels(cache, store);
        if (names.Length == 0) return (models.Snapshots, models.Kept, []);
        List<CachedSnapshot> snapshots = [];
        List<KeptFolder> kept = [];
        List<string> folders = [];
        foreach (string name in names)
        {
            if (Directory.Exists(name)) folders.Add(name);
            IReadOnlyList<CachedSnapshot> fetched = folders.Contains(name) ? [] : models.SnapshotsOf(name);
            IReadOnlyList<KeptFolder> copies = models.KeptOf(name);
            if (fetched.Count + copies.Count == 0 && !folders.Contains(name)) throw models.Unknown(name);
            snapshots.AddRange(fetched);
            kept.AddRange(copies);
        }
        return (snapshots, kept, folders);
    }

    private static void Remove(VerifyResult result, IReadOnlyList<KeptFolder> kept, ModelStore store, Terminal terminal)
    {
        foreach (VerifyRow row in result.Models.Where(row => row.Damaged.Count > 0))
        {
            // A copy is made again as a whole. A folder of the user's own is the user's.
            if (kept.FirstOrDefault(copy => copy.Path == row.Folder) is { } copy) store.Remove(copy);
            else if (row.Check == "hub") foreach (DamagedFile file in row.Damaged) File.Delete(file.Path);
            else continue;
            terminal.Note($"removed what is damaged of {row.Name}");
        }
    }

    private static ParScaleException Damaged(VerifyRow row, int count)
    {
        DamagedFile first = row.Damaged[0];
        string more = count > 1 ? string.Create(CultureInfo.InvariantCulture, $" (the first of {count} damaged files)") : "";
        string advice = row.Check == "hub"
            ? $"; run `parscale verify {row.Name} --remove-damaged` and then `parscale pull {row.Name}`"
            : row.Commit is not null ? "; it is made again at the next start" : "";
        return new ParScaleException(ErrorKind.HashMismatch, "LS-02",
            $"{row.Name}: {ParScaleException.Quote(first.File)} is damaged: {first.Problem} ({ParScaleException.Quote(first.Path)}){more}{advice}");
    }

    private static void WriteText(VerifyResult result, TextWriter output)
    {
        foreach (VerifyRow row in result.Models)
        {
            string outcome = row.Damaged.Count > 0 ? "damaged" : row.Check == "form" ? "no hashes to compare; well-formed" : "ok";
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{row.Name}: {outcome} ({row.Files} files, {Figures.Bytes(row.Bytes)})\n"));
            foreach (DamagedFile file in row.Damaged) output.Write($"  {file.File}: {file.Problem}\n");
        }
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{result.Models.Count} checked in {result.Seconds:F1} s, {result.Damaged} damaged files\n"));
        output.Flush();
    }
}
