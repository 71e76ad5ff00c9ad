using System.CommandLine;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Hub;
using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Plan;
using ParScale.Store;

namespace ParScale.Cli.Store;

/// <summary><c>parscale rm</c>: frees the room that models take.</summary>
internal sealed class RemoveCommand : ExampleCommand
{
    private readonly Argument<string[]> _names = new("NAME")
    {
        Description = "Models, as `parscale list` names them. Without @revision: all revisions. Of a folder only the copies kept of it go, never the folder.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<WeightDtype?> _type = DtypeOption.OfCopies("Remove only the quantised copy of this type, and keep what was fetched.");
    private readonly Option<bool> _yes = CommonOptions.Flag("--yes", "Do not ask.", "-y");
    private readonly StoreOptions _store = new();

    public RemoveCommand(Terminal terminal, CommonOptions common)
        : base("rm", "Remove models from this machine: what was fetched, and the quantised copies kept of it. Files that another revision uses stay.")
    {
        Arguments.Add(_names);
        Options.Add(_type);
        Options.Add(_yes);
        _store.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale rm ParScale/ParScale-1.8B-P8
          parscale rm ParScale/ParScale-1.8B-P8 --dtype q8 --yes
          parscale rm ParScale/ParScale-1.8B-P8@v1 --json --yes
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        (HubCache cache, ModelStore store) = _store.Open(parse);
        var models = new StoredModels(cache, store);
        (List<CachedSnapshot> snapshots, List<KeptFolder> kept) = Find(parse.GetValue(_names) ?? [], parse.GetValue(_type), models);
        foreach (CachedSnapshot snapshot in snapshots) RequireFree(snapshot, models.Kept.Except(kept));
        if (!parse.GetValue(_yes)) Confirm(snapshots, kept, terminal);
        using var interrupt = new Interrupt(terminal.Cancellation);
        long freed = 0;
        foreach (KeptFolder copy in kept)
            freed += store.Remove(copy, () => terminal.Note($"waiting for another process that loads or makes the {copy.Kind} of {copy.Model}"), interrupt.Token);
        foreach (CachedSnapshot snapshot in snapshots)
        {
            freed += cache.Remove(snapshot, () => terminal.Note($"waiting for another process that loads or fetches {snapshot.Name}"),
                () => RequireFree(snapshot, store.List()), interrupt.Token);
        }
        var result = new RemoveResult(freed,
        [
            .. snapshots.Select(snapshot => new RemovedModel(snapshot.Name.ToString(), snapshot.Commit, "fetched")),
            .. kept.Select(copy => new RemovedModel(copy.Model, copy.Commit, copy.Kind)),
        ]);
        if (json) terminal.WriteJson(result, CliJson.Readable.RemoveResult);
        else foreach (RemovedModel model in result.Removed) terminal.Show($"removed {model.Name} ({model.Kind})\n");
        terminal.Note($"{Figures.Bytes(freed)} are free again");
        return 0;
    }

    private static (List<CachedSnapshot> Snapshots, List<KeptFolder> Kept) Find(string[] names, WeightDtype? type, StoredModels models)
    {
        List<CachedSnapshot> snapshots = [];
        List<KeptFolder> kept = [];
        foreach (string name in names)
        {
            IReadOnlyList<CachedSnapshot> fetched = type is null ? models.SnapshotsOf(name) : [];
            KeptFolder[] copies = [.. models.KeptOf(name).Where(copy => type is null || copy.Dtype == type)];
            if (fetched.Count + copies.Length == 0) throw models.Unknown(name);
            snapshots.AddRange(fetched);
            kept.AddRange(copies);
        }
        return ([.. snapshots.DistinctBy(snapshot => snapshot.Folder)], [.. kept.DistinctBy(copy => copy.Path)]);
    }

    // Streams that were fetched without their backbone need it where it is.
    private static void RequireFree(CachedSnapshot snapshot, IEnumerable<KeptFolder> others)
    {
        if (others.FirstOrDefault(copy => copy.Dtype is null && copy.Source == snapshot.Folder) is not { } user) return;
        throw ParScaleException.Usage("LS-04", $"{snapshot.Name} holds the backbone that {user.Model} needs; remove {user.Model} too, or first");
    }

    private static void Confirm(List<CachedSnapshot> snapshots, List<KeptFolder> kept, Terminal terminal)
    {
        IEnumerable<string> all = snapshots.Select(snapshot => $"{snapshot.Name} ({Figures.Bytes(snapshot.Bytes)})")
            .Concat(kept.Select(copy => $"the {copy.Kind} of {copy.Model} ({Figures.Bytes(copy.Bytes)})"));
        if (terminal.Confirm is not { } confirm)
            throw ParScaleException.Usage("LS-03", "rm asks before it removes, and there is no terminal to ask at: give --yes");
        if (!confirm($"Remove {string.Join(", ", all)}? [y/N] ")) throw ParScaleException.Usage("LS-03", "nothing was removed: it was declined");
    }
}
