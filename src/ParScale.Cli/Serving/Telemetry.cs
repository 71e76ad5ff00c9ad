using System.Collections;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using ParScale.Server;

namespace ParScale.Cli.Serving;

/// <summary>
/// Shows what a server measures: as Prometheus text at <c>/metrics</c>, and to a collector by OTLP when the standard environment variables
/// of OpenTelemetry name one.
/// </summary>
internal static class Telemetry
{
    // What .NET itself measures: requests by route and status, connections, memory of the process.
    private static readonly string[] Runtime = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];
    private static readonly string[] Collectors = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    /// <summary>Collects from meters and, for a collector, from sources of traces of the same names.</summary>
    public static void Add(WebApplicationBuilder builder, IReadOnlyList<string> names)
    {
        // The builder is an empty one: of the environment it gets what is OpenTelemetry's.
        builder.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal))
            .Select(variable => new KeyValuePair<string, string?>((string)variable.Key, (string?)variable.Value)));
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("parscale", serviceVersion: typeof(ParScaleService).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics => metrics.AddMeter([.. names, .. Runtime]).AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0));
        if (!Collectors.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))) return;
        telemetry.WithTracing(traces => traces.AddSource([.. names, "Microsoft.AspNetCore"])).UseOtlpExporter();
    }

    /// <summary>Maps <c>/metrics</c>, for whoever may ask the service.</summary>
    public static void Map(IEndpointRouteBuilder routes, ParScaleService service) =>
        routes.MapPrometheusScrapingEndpoint("/metrics").Add(endpoint =>
        {
            RequestDelegate scrape = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => service.Handle(context, _ => scrape(context));
        });
}
