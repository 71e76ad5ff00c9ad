using System.Diagnostics.Metrics;

namespace ParScale.Gateway;

/// <summary>The instruments of a gateway. Tags are servers, as <c>--to</c> names them, and outcomes.</summary>
internal sealed class GatewayMetrics : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "ParScale.Gateway";

    private readonly Meter _meter = new(Name, typeof(GatewayMetrics).Assembly.GetName().Version?.ToString(3));
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _retries;

    public GatewayMetrics(IReadOnlyList<UpstreamServer> servers)
    {
        _attempts = _meter.CreateCounter<long>("parscale.gateway.attempts", "{attempt}", "Requests sent to a server, by what came of it: answered, turned_away, failed, or cut");
        _retries = _meter.CreateCounter<long>("parscale.gateway.retries", "{request}", "Requests sent to another server because one failed or turned them away");
        _meter.CreateObservableGauge("parscale.gateway.requests_running", () => servers.Select(server => new Measurement<int>(server.Running, Tag("server", server.Name))),
            description: "Requests of this gateway that a server has");
        _meter.CreateObservableGauge("parscale.gateway.server_ready", () => servers.Select(server => new Measurement<int>(server.IsReady ? 1 : 0, Tag("server", server.Name))),
            description: "1 when a server takes requests");
    }

    /// <summary>A server was tried.</summary>
    public void SawAttempt(UpstreamServer server, string outcome) => _attempts.Add(1, Tag("server", server.Name), Tag("outcome", outcome));

    /// <summary>Another server is tried.</summary>
    public void SawRetry() => _retries.Add(1);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
