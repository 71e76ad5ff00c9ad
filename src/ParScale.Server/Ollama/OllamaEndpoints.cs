using Microsoft.AspNetCore.Http;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.OpenAi;

namespace ParScale.Server.Ollama;

/// <summary>Ollama's API, as far as a server with models of its own can have it.</summary>
internal static class OllamaEndpoints
{
    // What changes the models of a server.
    private static readonly string[] NotThere = ["pull", "push", "create", "copy", "delete", "blobs/{**digest}"];

    public static void Map(ApiRoutes routes)
    {
        routes.Post("/api/chat", OllamaGeneration.Chat);
        routes.Post("/api/generate", OllamaGeneration.Generate);
        routes.Get("/api/tags", OllamaModels.List);
        routes.Get("/api/ps", OllamaModels.Running);
        routes.Post("/api/show", OllamaModels.Show);
        routes.Get("/api/version", OllamaModels.Version);
        routes.Post("/api/embed", ModelEndpoints.NoEmbeddings);
        routes.Post("/api/embeddings", ModelEndpoints.NoEmbeddings);
        foreach (string path in NotThere) routes.Any($"/api/{path}", NotServed);
    }

    private static Task NotServed(RequestScope scope) => throw new ApiException(StatusCodes.Status501NotImplemented,
        $"{scope.Context.Request.Path.Value} is not supported: the models are those that the server was started with", "invalid_request_error");
}
