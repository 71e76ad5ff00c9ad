using System.CommandLine;
using System.Globalization;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Planning;
using ParScale.Cli.Terminals;
using ParScale.Hub;
using ParScale.ScalingLaws.Plan;
using ParScale.Store;

namespace ParScale.Cli.Store;

/// <summary><c>parscale list</c>: the models on this machine.</summary>
internal sealed class ListCommand : ExampleCommand
{
    private readonly StoreOptions _store = new();

    public ListCommand(Terminal terminal, CommonOptions common)
        : base("list", "List the models on this machine: those fetched from the hub, by this program or by Python, and the quantised copies kept of them.")
    {
        _store.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale list
          parscale list --json
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        (HubCache cache, ModelStore store) = _store.Open(parse);
        var models = new StoredModels(cache, store);
        ListRow[] rows = [.. models.Snapshots.Where(snapshot => !models.IsStreamsAlone(snapshot)).Select(Describe)
            .Concat(models.Kept.Select(kept => Describe(kept, models))).OrderBy(row => row.Name, StringComparer.OrdinalIgnoreCase)];
        var result = new ListResult(cache.Folder, store.Folder, rows.Sum(row => row.Bytes), rows);
        if (json) terminal.WriteJson(result, CliJson.Readable.ListResult);
        else terminal.Show(Text(result));
        return 0;
    }

    private static ListRow Describe(CachedSnapshot snapshot)
    {
        ModelFacts facts = snapshot.Missing.Count == 0 ? ModelFacts.Of(snapshot.Folder) : new ModelFacts(null, null);
        return new ListRow
        {
            Name = snapshot.Name.ToString(),
            Commit = snapshot.Commit,
            Kind = "fetched",
            Streams = facts.Streams,
            Dtype = facts.Dtype,
            Bytes = snapshot.Bytes,
            LastUsed = snapshot.LastUsed,
            Missing = snapshot.Missing,
            Folder = snapshot.Folder,
        };
    }

    private static ListRow Describe(KeptFolder kept, StoredModels models)
    {
        ModelFacts facts = ModelFacts.Of(kept.Path);
        return new ListRow
        {
            Name = kept.Model,
            Commit = kept.Commit,
            Kind = kept.Kind,
            Streams = facts.Streams,
            Dtype = facts.Dtype,
            Bytes = kept.Bytes,
            LastUsed = kept.LastUsed,
            Missing = [],
            Stale = !models.HasSource(kept),
            Folder = kept.Path,
        };
    }

    private static string Text(ListResult result)
    {
        var output = new StringWriter { NewLine = "\n" };
        if (result.Models.Count == 0)
        {
            output.Write($"no models in {result.Cache}; `parscale published` lists those to fetch with `parscale pull NAME`\n");
            return output.ToString();
        }
        var table = new TextTable("model", "P", "dtype", "size", "last used", "");
        foreach (ListRow row in result.Models)
        {
            table.Add(row.Name, row.Streams?.ToString(CultureInfo.InvariantCulture) ?? "", row.Dtype ?? "", Figures.Bytes(row.Bytes),
                Age.Of(row.LastUsed, DateTimeOffset.UtcNow), Remark(row));
        }
        table.Write(output, names: 1, lastIsName: true);
        output.Write($"\n{Figures.Bytes(result.Bytes)} in {result.Cache}{(result.Models.Any(row => row.Kind != "fetched") ? $" and {result.Store}" : "")}\n");
        return output.ToString();
    }

    private static string Remark(ListRow row) => row.Stale ? $"{row.Kind} of {row.Commit ?? "a folder"} that is no longer here"
        : row.Kind == "streams" ? "streams alone; the backbone is another model's"
        : row.Kind != "fetched" ? "kept copy"
        : row.Missing.Count > 0 ? $"incomplete: {row.Missing[0]} is missing; `parscale pull` fetches the rest"
        : row.Dtype is null ? "not a model that this program reads" : "";
}
