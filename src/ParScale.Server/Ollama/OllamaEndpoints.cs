using ParScale.Server.Hosting;
using ParScale.Server.Http;

namespace ParScale.Server.Ollama;

/// <summary>Ollama's API, as far as a server with models of its own can have it.</summary>
internal static class OllamaEndpoints
{
    // What changes the models of a server, or asks for what these models do not do.
    private static readonly string[] NotThere = ["pull", "push", "create", "copy", "delete", "embed", "embeddings", "blobs/{**digest}"];

    public static void Map(ApiRoutes routes)
    {
        routes.Post("/api/chat", OllamaGeneration.Chat);
        routes.Post("/api/generate", OllamaGeneration.Generate);
        routes.Get("/api/tags", OllamaModels.List);
        routes.Get("/api/ps", OllamaModels.Running);
        routes.Post("/api/show", OllamaModels.Show);
        routes.Get("/api/version", OllamaModels.Version);
        foreach (string path in NotThere) routes.Any($"/api/{path}", NotServed);
    }

    private static Task NotServed(RequestScope scope) => throw ApiException.NotFound(
        $"{ParScaleException.Escape(scope.Context.Request.Path.Value ?? "")} is not supported: the models are those that the server was started with, and they make text");
}
