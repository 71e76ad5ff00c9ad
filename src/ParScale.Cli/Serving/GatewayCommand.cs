using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Gateway;
using ParScale.Server;
using Yarp.ReverseProxy.Forwarder;

namespace ParScale.Cli.Serving;

/// <summary><c>parscale gateway</c>: one address for several servers.</summary>
internal sealed class GatewayCommand : ExampleCommand
{
    private const int DefaultImbalance = 4;

    private readonly Option<string[]> _to = new("--to")
    {
        Description = "Addresses of the servers, such as http://127.0.0.1:8081.",
        HelpName = "URL",
        Required = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<int?> _imbalance = NumberOption.Integer("--max-imbalance",
        "Requests that a server may have more than the least loaded and still get those whose prompts begin as earlier ones of it (default: 4).", 0, 1000);
    private readonly ListenOptions _listen = new();

    public GatewayCommand(Terminal terminal, CommonOptions common)
        : base("gateway", "Spread requests over several servers of the same models, each to the one that knows the beginning of its prompt or has the least to do.")
    {
        Options.Add(_to);
        Options.Add(_imbalance);
        _listen.AddTo(this);
        SetAction((parse, _) => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale gateway --to http://127.0.0.1:8081 http://127.0.0.1:8082
          parscale gateway --host 0.0.0.0 --api-key-file keys.txt --to http://10.0.0.1:8080 --to http://10.0.0.2:8080
        """;

    private async Task<int> Run(ParseResult parse, Terminal terminal, bool json)
    {
        IReadOnlyList<UpstreamServer> servers = UpstreamServer.Read(parse.GetValue(_to) ?? []);
        ServerOptions options = _listen.Read(parse);
        await using var gateway = new GatewayService(options, servers, parse.GetValue(_imbalance) ?? DefaultImbalance);
        await using ServerHost host = await ServerHost.Start(_listen.Endpoint(parse), options, gateway.Front,
            app => gateway.Map(app, app.ServiceProvider.GetRequiredService<IHttpForwarder>()),
            [ParScaleService.TelemetryName, GatewayMetrics.Name], services => services.AddHttpForwarder()).ConfigureAwait(false);
        await gateway.Start().ConfigureAwait(false);
        if (json) terminal.WriteJson(new GatewayResult(host.Address.ToString(), [.. servers.Select(server => server.Address.ToString())], gateway.ReadyServers), CliJson.Readable.GatewayResult);
        terminal.Note($"{host.Address}v1 leads to {servers.Count} servers, of which {gateway.ReadyServers} are ready; Ctrl+C stops");
        return await host.RunUntilStopped(_listen.DrainWindow(parse), terminal).ConfigureAwait(false);
    }
}

/// <summary>The JSON of <c>parscale gateway</c>, printed when requests are taken.</summary>
/// <param name="Url">Where the gateway listens.</param>
/// <param name="Servers">The servers behind it.</param>
/// <param name="Ready">How many of them take requests.</param>
internal sealed record GatewayResult(string Url, IReadOnlyList<string> Servers, int Ready);
