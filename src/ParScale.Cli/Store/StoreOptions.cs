using System.CommandLine;
using ParScale.Hub;
using ParScale.Store;

namespace ParScale.Cli.Store;

/// <summary>Where models lie on this machine: the hub's cache, and the store of what was made from them.</summary>
internal sealed class StoreOptions
{
    private readonly Option<string?> _cache = new("--cache-dir")
    {
        Description = "Cache of the hub (default: HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub).",
        HelpName = "FOLDER",
        Arity = ArgumentArity.ExactlyOne,
    };

    public void AddTo(Command command) => command.Options.Add(_cache);

    /// <summary>The folder of the cache; null for the usual one.</summary>
    public string? Folder(ParseResult parse) => parse.GetValue(_cache) is not "" and var folder
        ? folder
        : throw ParScaleException.Usage("CL-02", "--cache-dir needs a folder; leave it out for the usual one");

    /// <summary>The hub's cache and the store beside it.</summary>
    public (HubCache Cache, ModelStore Store) Open(ParseResult parse)
    {
        var cache = new HubCache(Folder(parse));
        return (cache, ModelStore.Beside(cache.Folder));
    }
}
