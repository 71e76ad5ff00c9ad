using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.OpenAi;
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
        var response = new Response(Answers.NewId("resp"), scope.Created, request.Generation.Name, request.Asked);
        ResponseStream? stream = request.Generation.Stream ? new ResponseStream(scope, response, new TokenWords(request.Generation.Model.Model.Tokenizer)) : null;
        var answer = new CollectedAnswer();
        await foreach ((_, GeneratedPiece piece) in Generations.Run(request.Generation, scope.Cancellation).ConfigureAwait(false))
        {
            answer.Add(piece);
            if (stream is not null) await stream.Add(piece).ConfigureAwait(false);
        }
        if (stream is not null) await stream.End(request, answer).ConfigureAwait(false);
        else await Answer.Json(scope.Context, Whole(response, request, answer, Answers.NewId("msg")), WireJson.Wire.Response).ConfigureAwait(false);
    }

    /// <summary>Everything below it: no response is kept that could be asked for.</summary>
    public static Task NotKept(RequestScope scope) => throw ApiException.NotFound("there is no such response: nothing is stored", "response_id");

    /// <summary>A response that has ended.</summary>
    public static Response Whole(Response response, ResponseRequest request, CollectedAnswer answer, string messageId)
    {
        bool isCut = answer.Finish == FinishReason.Length;
        var words = new TokenWords(request.Generation.Model.Model.Tokenizer);
        string status = isCut ? "incomplete" : "completed";
        return response with
        {
            Status = status,
            IncompleteDetails = isCut ? new IncompleteDetails("max_output_tokens") : null,
            Output = [new ResponseMessage(messageId, status, [new ResponseText(answer.Text)
            {
                LogProbs = [.. answer.Predictions.Select(words.Describe)],
                StreamWeights = request.Generation.Options.StreamWeights ? answer.StreamWeights : null,
            }])],
            Usage = ResponseUsage.Of(Answers.Usage(request.Generation, [answer.Statistics!])),
            Timings = Answers.Timings([answer.Statistics!]),
        };
    }
}
