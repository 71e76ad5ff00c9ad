using System.CommandLine;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Server;
using ParScale.Text.Chat;

namespace ParScale.Cli.Serving;

/// <summary><c>parscale serve</c>: the OpenAI API over HTTP.</summary>
internal sealed class ServeCommand : ExampleCommand
{
    private readonly ModelOptions _model = new(allSets: true, mayRest: true);
    private readonly ListenOptions _listen = new();
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
    private readonly Option<bool> _noPage = CommonOptions.Flag("--no-page", "Leave out the page that a browser gets at the server's address.");
    private readonly Option<int?> _running = NumberOption.Integer("--parallel", "Requests that run at the same time (default: 32).", 1, 512, "-np");
    private readonly Option<int?> _waiting = NumberOption.Integer("--queue", "Requests that may wait beside them; one more is answered 429 (default: 256).", 0, 100_000);

    public ServeCommand(Terminal terminal, CommonOptions common)
        : base("serve", "Serve a model over HTTP as the OpenAI API has it. Ctrl+C lets running requests end, a second one does not.")
    {
        _listen.AddTo(this);
        Options.Add(_alias);
        Options.Add(_template);
        Options.Add(_noPage);
        Options.Add(_running);
        Options.Add(_waiting);
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
        ServerOptions options = _listen.Read(parse) with
        {
            Page = !parse.GetValue(_noPage),
            MaxRunning = parse.GetValue(_running) ?? new ServerOptions().MaxRunning,
            MaxWaiting = parse.GetValue(_waiting) ?? new ServerOptions().MaxWaiting,
        };
        using var service = new ParScaleService(options);
        service.State.DeviceLost += why => terminal.Note($"{why}; requests are answered 503 until the server is started again");
        await using ServerHost host = await ServerHost.Start(_listen.Endpoint(parse), options, service,
            app => app.MapParScale(service).MapNothingElse(service), [ParScaleService.TelemetryName]).ConfigureAwait(false);
        // Listening before the model is there: whoever waits for it asks /ready.
        ChatTemplate? template = ChatTemplateOption.Read(parse.GetValue(_template), terminal);
        using LanguageModel model = _model.Load(parse, terminal, load => load with { ChatTemplate = template });
        string name = parse.GetValue(_alias) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Folder));
        service.Serve([(name, model)]);
        if (json) terminal.WriteJson(new ServeResult(host.Address.ToString(), name, [.. model.StreamSets.Select(set => set.Count)]), CliJson.Readable.ServeResult);
        terminal.Note($"{name} is served at {host.Address}v1 with P = {string.Join(", ", model.StreamSets.Select(set => set.Count))}; Ctrl+C stops");
        if (options.Page) terminal.Note($"open {host.Address} in a browser to write with it");
        return await host.RunUntilStopped(_listen.DrainWindow(parse), terminal).ConfigureAwait(false);
    }
}

/// <summary>The JSON of <c>parscale serve</c>, printed when requests are taken.</summary>
/// <param name="Url">Where the server listens.</param>
/// <param name="Model">What clients call the model.</param>
/// <param name="Streams">P of every set that is loaded.</param>
internal sealed record ServeResult(string Url, string Model, IReadOnlyList<int> Streams);
