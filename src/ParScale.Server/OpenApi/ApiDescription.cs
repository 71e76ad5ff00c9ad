using System.Text.Json;
using ParScale.Server.Hosting;
using ParScale.Server.Http;

namespace ParScale.Server.OpenApi;

/// <summary><c>GET /openapi.json</c>: what every endpoint takes and gives, in the words of OpenAPI 3.1.</summary>
internal static class ApiDescription
{
    private static readonly Lazy<JsonElement> Document = new(Read);

    public static Task Run(RequestScope scope) => Answer.Json(scope.Context, Document.Value, WireJson.Wire.JsonElement);

    private static JsonElement Read()
    {
        using Stream file = typeof(ApiDescription).Assembly.GetManifestResourceStream("openapi.json")!;
        using JsonDocument json = JsonDocument.Parse(file);
        return json.RootElement.Clone();
    }
}
