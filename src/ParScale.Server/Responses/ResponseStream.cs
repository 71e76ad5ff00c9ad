using System.Text.Json.Serialization.Metadata;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.OpenAi;

namespace ParScale.Server.Responses;

/// <summary>Sends a response as its numbered events: it begins, one message with one part of text grows, and all of them end.</summary>
internal sealed class ResponseStream(RequestScope scope, Response response, TokenWords words)
{
    private readonly string _message = Answers.NewId("msg");
    private int _number;
    private bool _hasBegun;

    /// <summary>Sends what came.</summary>
    public async Task Add(GeneratedPiece piece)
    {
        await Begin().ConfigureAwait(false);
        if (piece.Text.Length == 0 && piece.Prediction is null && piece.StreamWeights is null) return;
        await Send("response.output_text.delta", type => new TextDeltaEvent(type, _number, _message, 0, 0, piece.Text)
        {
            LogProbs = piece.Prediction is null ? [] : [words.Describe(piece.Prediction)],
            StreamWeights = piece.StreamWeights is null ? null : [piece.StreamWeights],
        }, WireJson.Wire.TextDeltaEvent).ConfigureAwait(false);
    }

    /// <summary>Sends the events that end it.</summary>
    public async Task End(ResponseRequest request, CollectedAnswer answer)
    {
        Response whole = ResponseEndpoint.Whole(response, request, answer, _message);
        ResponseMessage message = whole.Output[0];
        ResponseText text = message.Content[0];
        await Send("response.output_text.done", type => new TextDoneEvent(type, _number, _message, 0, 0, text.Text) { LogProbs = text.LogProbs }, WireJson.Wire.TextDoneEvent).ConfigureAwait(false);
        await Send("response.content_part.done", type => new PartEvent(type, _number, _message, 0, 0, text), WireJson.Wire.PartEvent).ConfigureAwait(false);
        await Send("response.output_item.done", type => new ItemEvent(type, _number, 0, message), WireJson.Wire.ItemEvent).ConfigureAwait(false);
        await Send($"response.{whole.Status}", type => new ResponseEvent(type, _number, whole), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
    }

    private async Task Begin()
    {
        if (_hasBegun) return;
        _hasBegun = true;
        scope.WhenCut = Fail;
        await Send("response.created", type => new ResponseEvent(type, _number, response), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
        await Send("response.in_progress", type => new ResponseEvent(type, _number, response), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
        await Send("response.output_item.added", type => new ItemEvent(type, _number, 0, new ResponseMessage(_message, "in_progress", [])), WireJson.Wire.ItemEvent).ConfigureAwait(false);
        await Send("response.content_part.added", type => new PartEvent(type, _number, _message, 0, 0, new ResponseText("")), WireJson.Wire.PartEvent).ConfigureAwait(false);
    }

    // An event for those who only look for errors, and the response for those who follow its state.
    private async Task Fail(ApiException e)
    {
        await Send("error", type => new ResponseErrorEvent(type, _number, e.Message) { Code = e.Code ?? e.Type, Param = e.Param }, WireJson.Wire.ResponseErrorEvent).ConfigureAwait(false);
        Response failed = response with { Status = "failed", Error = new ResponseError(e.Code ?? e.Type, e.Message) };
        await Send("response.failed", type => new ResponseEvent(type, _number, failed), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
    }

    private async Task Send<T>(string name, Func<string, T> value, JsonTypeInfo<T> type)
    {
        await scope.Events.Send(value(name), type, name).ConfigureAwait(false);
        _number++;
    }
}
