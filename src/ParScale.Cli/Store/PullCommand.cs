using System.CommandLine;
using System.Diagnostics;
using ParScale.Cli.Commands;
using ParScale.Cli.Downloads;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Hub;
using ParScale.Kernels.Formats;
using ParScale.Store;

namespace ParScale.Cli.Store;

/// <summary><c>parscale pull</c>: fetches models, and quantises them if asked, before they are used.</summary>
internal sealed class PullCommand : ExampleCommand
{
    private readonly Argument<string[]> _names = new("NAME")
    {
        Description = "Models of the hub: org/name, or org/name@revision with a branch, a tag or a commit.",
        Arity = ArgumentArity.OneOrMore,
    };
    private readonly Option<WeightDtype?> _type = DtypeOption.OfCopies("Also quantise to q8 or q4 now, and keep that copy for the first start.");
    private readonly StoreOptions _store = new();

    public PullCommand(Terminal terminal, CommonOptions common)
        : base("pull", "Fetch models from the hub into the cache that Python's tools use too. What is here is not fetched again, and a fetch that was cut short is resumed.")
    {
        Arguments.Add(_names);
        Options.Add(_type);
        _store.AddTo(this);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale pull ParScale/ParScale-1.8B-P8-Inst
          parscale pull ParScale/ParScale-1.8B-P8-Inst --dtype q8
          parscale pull Qwen/Qwen2.5-0.5B@main ParScale/ParScale-0.7B-P4-Pile --json
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        // All of them before any network: a typing error in the last name should not show after an hour.
        ModelName[] names = [.. (parse.GetValue(_names) ?? []).Select(ModelName.Parse).Distinct()];
        WeightDtype? type = parse.GetValue(_type);
        using var client = new HubClient(new HubOptions { CacheFolder = _store.Folder(parse) });
        var store = ModelStore.Beside(client.Cache.Folder);
        // Whoever says pull has agreed to fetch.
        var download = new ModelDownload(terminal, agreed: true);
        List<PulledModel> models = [];
        foreach (ModelName name in names)
        {
            PulledModel model = Fetch(download, client, name);
            if (type is { } dtype) model = model with { Quantized = Quantise(store, model, dtype, terminal) };
            models.Add(model);
            if (!json) terminal.Show($"{model.Quantized ?? model.Folder}\n");
        }
        if (json) terminal.WriteJson(new PullResult(models), CliJson.Readable.PullResult);
        return 0;
    }

    private static PulledModel Fetch(ModelDownload download, HubClient client, ModelName name)
    {
        var clock = Stopwatch.StartNew();
        FetchedModel fetched = download.Fetch(client, name, weights: true);
        return new PulledModel
        {
            Name = name.ToString(),
            Commit = fetched.Plan.Commit,
            Folder = fetched.Folder,
            Files = fetched.Plan.Files.Count,
            Bytes = fetched.Plan.Bytes,
            FetchedBytes = fetched.Backbone is null ? fetched.Plan.BytesToFetch : new DirectoryInfo(fetched.Folder).EnumerateFiles().Sum(file => file.Length),
            Seconds = clock.Elapsed.TotalSeconds,
        };
    }

    private static string? Quantise(ModelStore store, PulledModel model, WeightDtype type, Terminal terminal)
    {
        using var interrupt = new Interrupt(terminal.Cancellation);
        using var progress = new ShareProgress(terminal, "quantising");
        var source = new ModelSource(model.Folder, ModelName.Parse(model.Name).Id, model.Commit);
        return QuantizedCopy.Prepare(store, source, type, terminal.Note, progress, interrupt.Token);
    }
}
