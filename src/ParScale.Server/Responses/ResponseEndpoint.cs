using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Requests;

namespace ParScale.Server.Responses;

/// <summary><c>POST /v1/responses</c></summary>
internal static class ResponseEndpoint
{
    public static async Task Run(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        ResponseRequest request = ResponseRequest.Read(new Fields(body.RootElement), scope);
        using IDisposable place = await scope.Enter().ConfigureAwait(false);
        var writer = new ResponseWriter(scope, request);
        await foreach ((_, GeneratedPiece piece) in Generations.Run(request.Generation, scope.Cancellation).ConfigureAwait(false)) await writer.Add(piece).ConfigureAwait(false);
        await writer.End().ConfigureAwait(false);
    }

    /// <summary>Everything below it: no response is kept that could be asked for.</summary>
    public static Task NotKept(RequestScope scope) => throw ApiException.NotFound("there is no such response: nothing is stored", "response_id");
}
