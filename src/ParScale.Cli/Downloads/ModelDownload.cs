using System.Diagnostics;
using System.Globalization;
using ParScale.Cli.Terminals;
using ParScale.Hub;
using ParScale.ScalingLaws.Plan;
using ParScale.Store;

namespace ParScale.Cli.Downloads;

/// <summary>Fetches a model by its name for a command: asks before a large fetch, shows how it goes on, and says what came.</summary>
/// <param name="terminal">Where to ask and to talk.</param>
/// <param name="agreed">Whether the user agreed to large fetches beforehand, with <c>--yes</c> or <c>PARSCALE_YES</c>.</param>
internal sealed class ModelDownload(Terminal terminal, bool agreed)
{
    /// <summary>Fetches of more bytes are asked for.</summary>
    private const long AskAbove = 1_000_000_000;

    private const string YesVariable = "PARSCALE_YES";

    /// <summary>Whether <c>PARSCALE_YES</c> is set to yes, by the words that the hub's own variables know.</summary>
    public static bool AgreedByVariable => Environment.GetEnvironmentVariable(YesVariable)?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    /// <summary>
    /// A model: from the cache when it is complete there, without asking the hub, else after a fetch. Where its backbone is here as another
    /// model's, its streams are enough.
    /// </summary>
    /// <param name="name">The model.</param>
    /// <param name="weights">Whether the weights are needed, or the tokenizer alone.</param>
    /// <exception cref="ParScaleException">It cannot be fetched, or the user did not agree (HB-21).</exception>
    public ResolvedModel Resolve(ModelName name, bool weights)
    {
        // The commonest case needs no client.
        var cache = new HubCache();
        if (cache.Find(name, weights) is { } found) return new ResolvedModel(ModelSource.OfSnapshot(name, found));
        if (weights && SharedBackbone.FindKept(cache, name) is { } kept) return kept;
        using var client = new HubClient();
        FetchedModel fetched = Fetch(client, name, weights);
        return fetched.Backbone is { } backbone ? new ResolvedModel(backbone, fetched.Folder) : new ResolvedModel(ModelSource.OfSnapshot(name, fetched.Folder));
    }

    /// <summary>Asks the hub and fetches what is missing or new.</summary>
    /// <param name="client">The client to fetch with.</param>
    /// <param name="name">The model.</param>
    /// <param name="weights">Whether the weights are needed, or the tokenizer alone.</param>
    /// <exception cref="ParScaleException">It cannot be fetched, or the user did not agree (HB-21).</exception>
    public FetchedModel Fetch(HubClient client, ModelName name, bool weights)
    {
        HubPlan plan;
        using (var interrupt = new Interrupt(terminal.Cancellation)) plan = client.PlanAsync(name, weights, interrupt.Token).GetAwaiter().GetResult();
        if (plan.BytesToFetch == 0) return new FetchedModel(Fetch(client, plan), plan);
        if (weights && SharedBackbone.Find(client.Cache, name) is { } backbone && FetchStreams(client, plan, backbone) is { } streams)
            return new FetchedModel(streams, plan, backbone);
        RequireAgreement(plan);
        terminal.Note($"fetching {name} from {client.Endpoint.Host}: {Figures.Bytes(plan.BytesToFetch)} in {Count(plan)} to {client.Cache.Folder}");
        var clock = Stopwatch.StartNew();
        string folder = Fetch(client, plan);
        terminal.Note(string.Create(CultureInfo.InvariantCulture, $"fetched and checked {name} in {clock.Elapsed.TotalSeconds:F0} s"));
        return new FetchedModel(folder, plan);
    }

    private string Fetch(HubClient client, HubPlan plan)
    {
        using var interrupt = new Interrupt(terminal.Cancellation);
        using var progress = new DownloadProgress(terminal, plan.Name);
        return client.FetchAsync(plan, progress, interrupt.Token).GetAwaiter().GetResult();
    }

    private string? FetchStreams(HubClient client, HubPlan plan, ModelSource backbone)
    {
        using var interrupt = new Interrupt(terminal.Cancellation);
        using var progress = new DownloadProgress(terminal, plan.Name);
        return StreamCopy.PrepareAsync(ModelStore.Beside(client.Cache.Folder), client, plan, backbone.Folder, terminal.Note, progress, interrupt.Token).GetAwaiter().GetResult();
    }

    private void RequireAgreement(HubPlan plan)
    {
        if (agreed || plan.BytesToFetch <= AskAbove) return;
        string size = Figures.Bytes(plan.BytesToFetch);
        if (terminal.Confirm is not { } confirm)
            throw ParScaleException.Usage("HB-21", $"{plan.Name} is {size} to fetch, and there is no terminal to ask whether to: give --yes, or set {YesVariable}=1");
        if (!confirm($"{plan.Name} is {size} to fetch. Fetch it? [y/N] "))
            throw ParScaleException.Usage("HB-21", $"{plan.Name} was not fetched: {size} were declined");
    }

    private static string Count(HubPlan plan) => plan.Files.Count(file => file.BytesCached < file.Bytes) is 1 ? "1 file" : $"{plan.Files.Count(file => file.BytesCached < file.Bytes)} files";
}
