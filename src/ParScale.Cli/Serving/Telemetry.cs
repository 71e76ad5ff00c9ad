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
    /// <exception cref="ParScaleException">What should be a collector's address is none (CL-11).</exception>
    public static void Add(WebApplicationBuilder builder, IReadOnlyList<string> names)
    {
        string[] set = [.. Collectors.Where(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))];
        foreach (string name in set) RequireAddress(name, Environment.GetEnvironmentVariable(name)!);
        // The builder is an empty one: of the environment it gets what is OpenTelemetry's.
        builder.Configuration.AddInMemoryCollection(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => ((string)variable.Key).StartsWith("OTEL_", StringComparison.Ordinal))
            .Select(variable => new KeyValuePair<string, string?>((string)variable.Key, (string?)variable.Value)));
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("parscale", serviceVersion: typeof(ParScaleService).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics => metrics.AddMeter([.. names, .. Runtime]).AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0));
        if (set.Length == 0) return;
        telemetry.WithTracing(traces => traces.AddSource([.. names, "Microsoft.AspNetCore"])).UseOtlpExporter();
    }

    // The exporter would send nothing and say nothing.
    private static void RequireAddress(string name, string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)) return;
        throw ParScaleException.Usage("CL-11", $"the environment variable {name} is {ParScaleException.Quote(value)}; it must be the address of a collector, such as http://127.0.0.1:4317, or not be set");
    }

    /// <summary>Maps <c>/metrics</c>, for whoever may ask the service.</summary>
    public static void Map(IEndpointRouteBuilder routes, ParScaleService service) =>
        routes.MapPrometheusScrapingEndpoint("/metrics").Add(endpoint =>
        {
            RequestDelegate scrape = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => service.Handle(context, _ => scrape(context));
        });
}
