using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Ollama;
using ParScale.Server.OpenAi;
using ParScale.Server.OpenApi;
using ParScale.Server.Page;
using ParScale.Server.Responses;

namespace ParScale.Server;

/// <summary>Puts a <see cref="ParScaleService"/> into an ASP.NET Core application.</summary>
public static class ParScaleEndpoints
{
    private static readonly string[] GetOrHead = ["GET", "HEAD"];

    /// <summary>
    /// Maps the OpenAI API (<c>/v1/chat/completions</c>, <c>/v1/completions</c>, <c>/v1/responses</c>, <c>/v1/models</c>), Ollama's
    /// (<c>/api/chat</c>, <c>/api/generate</c> and what lists models), the tokenizer's endpoints (<c>/tokenize</c>, <c>/detokenize</c>,
    /// <c>/tokenizer_info</c>, <c>/apply-template</c>), <c>/openapi.json</c>, <c>/health</c> and <c>/ready</c>, and the page at
    /// <c>/</c>, where an application's own route for <c>/</c> comes first.
    /// </summary>
    public static IEndpointRouteBuilder MapParScale(this IEndpointRouteBuilder routes, ParScaleService service)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(service);
        var openAi = new ApiRoutes(routes, service, ErrorShape.OpenAi);
        void Get(string path, Func<RequestScope, Task> run, bool isHealth = false) => openAi.Get(path, run, isHealth);
        void Post(string path, Func<RequestScope, Task> run) => openAi.Post(path, run);

        Post("/v1/chat/completions", ChatEndpoint.Run);
        Post("/v1/completions", CompletionEndpoint.Run);
        Post("/v1/responses", ResponseEndpoint.Run);
        openAi.Any("/v1/responses/{**rest}", ResponseEndpoint.NotKept);
        Get("/v1/models", ModelEndpoints.List);
        Get("/v1/models/{**id}", ModelEndpoints.One);
        Post("/v1/embeddings", ModelEndpoints.NoEmbeddings);
        Post("/tokenize", ModelEndpoints.Tokenize);
        Post("/detokenize", ModelEndpoints.Detokenize);
        Get("/tokenizer_info", ModelEndpoints.Info);
        Post("/apply-template", ModelEndpoints.ApplyTemplate);
        // Without a key, for those who only ask whether the server lives.
        Get("/health", scope => Health(scope, service, alive: true), isHealth: true);
        Get("/v1/health", scope => Health(scope, service, alive: true), isHealth: true);
        Get("/ready", scope => Health(scope, service, alive: false), isHealth: true);
        Get("/openapi.json", ApiDescription.Run);
        OllamaEndpoints.Map(new ApiRoutes(routes, service, ErrorShape.Ollama));
        routes.MapMethods("/", GetOrHead, context => service.Handle(context, PageEndpoint.Root, isOpen: true)).WithOrder(1);
        routes.MapMethods("/page/{**name}", GetOrHead, context => service.Handle(context, PageEndpoint.File, isOpen: true));
        return routes;
    }

    /// <summary>Answers every other path with 404 in the API's shape, for a server that serves nothing else.</summary>
    public static IEndpointRouteBuilder MapNothingElse(this IEndpointRouteBuilder routes, ParScaleService service)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(service);
        routes.MapFallback("{**path}", context => service.Handle(context,
            scope => throw ApiException.NotFound($"{scope.Context.Request.Method} {ParScaleException.Quote(scope.Context.Request.Path.Value ?? "")} is not served"),
            errors: context.Request.Path.StartsWithSegments("/api") ? ErrorShape.Ollama : ErrorShape.OpenAi));
        return routes;
    }

    // A server that loads lives but is not ready; llama.cpp answers 503 for both until the model is there. One that lost its device can do
    // nothing until it is started again, which is what those who ask for its life do.
    private static Task Health(RequestScope scope, ParScaleService service, bool alive)
    {
        string state = scope.State.Name;
        if (state == "lost") throw new ApiException(StatusCodes.Status503ServiceUnavailable, scope.State.WhyLost!, "unavailable_error", code: "device_lost");
        if (state == "loading" || (!alive && state != "ready")) _ = scope.State.Models;
        return Answer.Json(scope.Context, new HealthResult(state == "ready" ? "ok" : state, service.Running, service.Waiting), WireJson.Wire.HealthResult);
    }
}
