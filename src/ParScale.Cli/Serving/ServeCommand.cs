using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Server;
using ParScale.Text.Chat;

namespace ParScale.Cli.Serving;

/// <summary><c>parscale serve</c>: the OpenAI API over HTTP.</summary>
internal sealed class ServeCommand : ExampleCommand
{
    private const int DefaultPort = 8080, HighestPort = 65535;

    private readonly ModelOptions _model = new(allSets: true);
    private readonly Option<string?> _host = new("--host")
    {
        Description = "Address to listen on (default: 127.0.0.1). An address that others reach needs an API key.",
        HelpName = "ADDRESS",
    };
    private readonly Option<int?> _port = NumberOption.Integer("--port", "Port to listen on; 0 takes a free one (default: 8080).", 0, HighestPort);
    private readonly Option<string?> _alias = new("--alias", "-a")
    {
        Description = "What clients call the model (default: the name of its folder).",
        HelpName = "NAME",
    };
    private readonly Option<string?> _template = new("--chat-template")
    {
        Description = "How conversations are written: ChatML or a Jinja file (default: the model's own template).",
        HelpName = "chatml|FILE",
    };
    private readonly Option<string?> _keyFile = new("--api-key-file")
    {
        Description = "Text file with the API keys, one a line. PARSCALE_API_KEY gives one without a file.",
        HelpName = "FILE",
    };
    private readonly Option<bool> _insecure = CommonOptions.Flag("--insecure", "Listen on an address that others reach without an API key.");
    private readonly Option<string[]?> _hosts = new("--allow-host")
    {
        Description = "A name by which this machine may be addressed, beside localhost; may be repeated.",
        HelpName = "NAME",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<bool> _noPage = CommonOptions.Flag("--no-page", "Leave out the page that a browser gets at the server's address.");
    private readonly Option<int?> _running = NumberOption.Integer("--parallel", "Requests that run at the same time (default: 32).", 1, 512, "-np");
    private readonly Option<int?> _waiting = NumberOption.Integer("--queue", "Requests that may wait beside them; one more is answered 429 (default: 256).", 0, 100_000);
    private readonly Option<int?> _timeout = NumberOption.Integer("--request-timeout", "Seconds after which a request is ended (default: 600).", 1, 86_400);
    private readonly Option<int?> _window = NumberOption.Integer("--drain-window", "Seconds that running requests get when the server is stopped (default: 30).", 0, 3600);

    public ServeCommand(Terminal terminal, CommonOptions common)
        : base("serve", "Serve a model over HTTP as the OpenAI API has it. Ctrl+C lets running requests end, a second one does not.")
    {
        Options.Add(_host);
        Options.Add(_port);
        Options.Add(_alias);
        Options.Add(_template);
        Options.Add(_keyFile);
        Options.Add(_insecure);
        Options.Add(_hosts);
        Options.Add(_noPage);
        Options.Add(_running);
        Options.Add(_waiting);
        Options.Add(_timeout);
        Options.Add(_window);
        _model.AddTo(this);
        SetAction((parse, cancellation) => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale serve -m my-model --add-streams my-streams-p4
          parscale serve -m my-model --host 0.0.0.0 --api-key-file keys.txt
          curl localhost:8080/v1/chat/completions -H 'Content-Type: application/json' \
            -d '{"messages": [{"role": "user", "content": "Hello"}], "streams": 4}'
        """;

    private async Task<int> Run(ParseResult parse, Terminal terminal, bool json)
    {
        IPAddress address = Address(parse.GetValue(_host) ?? "127.0.0.1");
        var options = new ServerOptions
        {
            ApiKeys = Keys(parse.GetValue(_keyFile)),
            AllowedHosts = parse.GetValue(_hosts) ?? [],
            Page = !parse.GetValue(_noPage),
            MaxRunning = parse.GetValue(_running) ?? new ServerOptions().MaxRunning,
            MaxWaiting = parse.GetValue(_waiting) ?? new ServerOptions().MaxWaiting,
            RequestTimeout = TimeSpan.FromSeconds(parse.GetValue(_timeout) ?? 600),
        };
        if (!IPAddress.IsLoopback(address) && options.ApiKeys.Count == 0 && !parse.GetValue(_insecure))
        {
            throw ParScaleException.Usage("CL-05",
                $"--host {address} can be reached by others, and there is no API key: give --api-key-file FILE or PARSCALE_API_KEY, or --insecure to serve everybody");
        }
        await using ServerHost host = await ServerHost.Start(address, parse.GetValue(_port) ?? DefaultPort, options).ConfigureAwait(false);
        // Listening before the model is there: whoever waits for it asks /ready.
        ChatTemplate? template = ChatTemplateOption.Read(parse.GetValue(_template), terminal);
        LoadOptions Change(LoadOptions load) => load with { ChatTemplate = template };
        using LanguageModel model = _model.Load(parse, terminal, Change);
        string name = parse.GetValue(_alias) ?? NameOf(model);
        // Without a model of the user's own, all embedded ones are there to be compared; a name is given to one only.
        using var siblings = new Loaded(parse.GetValue(_alias) is null ? _model.LoadSiblings(model, parse, Change) : []);
        host.Service.Serve([(name, model), .. siblings.Models.Select(sibling => (NameOf(sibling), sibling))]);
        if (json) terminal.WriteJson(new ServeResult(host.Address.ToString(), name, [.. model.StreamSets.Select(set => set.Count)]), CliJson.Readable.ServeResult);
        terminal.Note($"{name} is served at {host.Address}v1 with P = {string.Join(", ", model.StreamSets.Select(set => set.Count))}; Ctrl+C stops");
        if (options.Page) terminal.Note($"open {host.Address} in a browser to write with it");
        return await host.RunUntilStopped(TimeSpan.FromSeconds(parse.GetValue(_window) ?? 30), terminal).ConfigureAwait(false);
    }

    private static string NameOf(LanguageModel model) => Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Folder));

    private static IPAddress Address(string host)
    {
        if (host == "localhost") return IPAddress.Loopback;
        return IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
            ? address : throw ParScaleException.Usage("CL-02", $"--host needs an IP address or localhost, not {ParScaleException.Quote(host)}");
    }

    // A key on the command line could be read by every user of the machine.
    private static string[] Keys(string? file)
    {
        string[] own = Environment.GetEnvironmentVariable("PARSCALE_API_KEY") is { Length: > 0 } key ? [key.Trim()] : [];
        if (file is null) return own;
        string[] read;
        try
        {
            read = [.. File.ReadAllLines(file).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.BadInput, "SV-02", $"--api-key-file {ParScaleException.Quote(file)} cannot be read: {e.Message}", e);
        }
        if (read.Length == 0) throw new ParScaleException(ErrorKind.BadInput, "SV-02", $"--api-key-file {ParScaleException.Quote(file)} has no key in it");
        return [.. own, .. read];
    }

    private sealed record Loaded(LanguageModel[] Models) : IDisposable
    {
        public void Dispose()
        {
            foreach (LanguageModel model in Models) model.Dispose();
        }
    }
}

/// <summary>The JSON of <c>parscale serve</c>, printed when requests are taken.</summary>
/// <param name="Url">Where the server listens.</param>
/// <param name="Model">What clients call the model.</param>
/// <param name="Streams">P of every set that is loaded.</param>
internal sealed record ServeResult(string Url, string Model, IReadOnlyList<int> Streams);
