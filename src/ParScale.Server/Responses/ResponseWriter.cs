using System.Text.Json.Serialization.Metadata;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.OpenAi;
using ParScale.Text.Chat.Tools;

namespace ParScale.Server.Responses;

/// <summary>
/// Makes a response of an answer: what the model thought, a message with one part of text, and calls, in the order in which they begin. Where
/// it is streamed, numbered events tell each step.
/// </summary>
internal sealed class ResponseWriter(RequestScope scope, ResponseRequest request)
{
    private readonly Response _response = new(Answers.NewId("resp"), scope.Created, request.Generation.Name, request.Asked);
    private readonly TokenWords _words = new(request.Generation.Model.Model.Tokenizer);
    private readonly string _message = Answers.NewId("msg"), _reasoning = Answers.NewId("rs");
    private readonly CollectedAnswer _answer = new();
    private readonly List<ResponseItem> _items = [];

    // What came of tokens before their text did.
    private readonly List<ChatTokenLogProb> _logProbs = [];
    private readonly List<float[]?> _weights = [];
    private int? _place;
    private bool _isThinking;
    private int _number;
    private bool _hasBegun;

    /// <summary>Takes what came.</summary>
    public async Task Add(GeneratedPiece piece)
    {
        await Begin().ConfigureAwait(false);
        _answer.Add(piece);
        if (piece.Prediction is not null) _logProbs.Add(_words.Describe(piece.Prediction));
        _weights.AddRange(Answers.Weights(request.Generation, piece) ?? []);
        if (piece.Thinking is not null) await Think(piece.Thinking).ConfigureAwait(false);
        if (piece.Text.Length > 0) await Open().ConfigureAwait(false);
        if (_place is not null) await Grow(piece.Text).ConfigureAwait(false);
        foreach (ToolCall call in piece.ToolCalls ?? []) await Call(call).ConfigureAwait(false);
    }

    /// <summary>Ends it, and sends it whole where it is not streamed.</summary>
    public async Task End()
    {
        bool isCut = _answer.Finish == FinishReason.Length;
        await EndThinking(isCut).ConfigureAwait(false);
        if (_items.Count == 0)
        {
            await Open().ConfigureAwait(false);
            await Grow("").ConfigureAwait(false);
        }
        if (_place is { } place) await Close(place, isCut).ConfigureAwait(false);
        Response whole = _response with
        {
            Status = isCut ? "incomplete" : "completed",
            IncompleteDetails = isCut ? new IncompleteDetails("max_output_tokens") : null,
            Output = _items,
            Usage = ResponseUsage.Of(Answers.Usage(request.Generation, [_answer.Statistics!])),
            Timings = Answers.Timings([_answer.Statistics!]),
        };
        if (request.Generation.Stream) await Send($"response.{whole.Status}", type => new ResponseEvent(type, _number, whole), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
        else await Answer.Json(scope.Context, whole, WireJson.Wire.Response).ConfigureAwait(false);
    }

    private async Task Begin()
    {
        if (_hasBegun) return;
        _hasBegun = true;
        scope.WhenCut = Fail;
        await Send("response.created", type => new ResponseEvent(type, _number, _response), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
        await Send("response.in_progress", type => new ResponseEvent(type, _number, _response), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
    }

    // It is the first item: a model thinks before it answers.
    private async Task Think(string text)
    {
        if (_items.Count == 0)
        {
            _isThinking = true;
            _items.Add(ResponseItem.Reasoning(_reasoning, "in_progress", []));
            await Send("response.output_item.added", type => new ItemEvent(type, _number, 0, _items[0]), WireJson.Wire.ItemEvent).ConfigureAwait(false);
            await Send("response.content_part.added", type => new PartEvent(type, _number, _reasoning, 0, 0, ResponseText.Reasoning("")), WireJson.Wire.PartEvent).ConfigureAwait(false);
        }
        await Send("response.reasoning_text.delta", type => new ReasoningDeltaEvent(type, _number, _reasoning, 0, 0, text), WireJson.Wire.ReasoningDeltaEvent).ConfigureAwait(false);
    }

    private async Task EndThinking(bool isCut)
    {
        if (!_isThinking) return;
        _isThinking = false;
        ResponseText text = ResponseText.Reasoning(_answer.Thinking!);
        _items[0] = ResponseItem.Reasoning(_reasoning, isCut ? "incomplete" : "completed", [text]);
        await Send("response.reasoning_text.done", type => new ReasoningDoneEvent(type, _number, _reasoning, 0, 0, text.Text), WireJson.Wire.ReasoningDoneEvent).ConfigureAwait(false);
        await Send("response.content_part.done", type => new PartEvent(type, _number, _reasoning, 0, 0, text), WireJson.Wire.PartEvent).ConfigureAwait(false);
        await Send("response.output_item.done", type => new ItemEvent(type, _number, 0, _items[0]), WireJson.Wire.ItemEvent).ConfigureAwait(false);
    }

    private async Task Open()
    {
        if (_place is not null) return;
        await EndThinking(isCut: false).ConfigureAwait(false);
        int place = _items.Count;
        _place = place;
        _items.Add(ResponseItem.Message(_message, "in_progress", []));
        await Send("response.output_item.added", type => new ItemEvent(type, _number, place, _items[place]), WireJson.Wire.ItemEvent).ConfigureAwait(false);
        await Send("response.content_part.added", type => new PartEvent(type, _number, _message, place, 0, new ResponseText("")), WireJson.Wire.PartEvent).ConfigureAwait(false);
    }

    private async Task Grow(string text)
    {
        if (text.Length == 0 && _logProbs.Count == 0 && _weights.Count == 0) return;
        await Send("response.output_text.delta", type => new TextDeltaEvent(type, _number, _message, _place!.Value, 0, text)
        {
            LogProbs = [.. _logProbs],
            StreamWeights = _weights.Count == 0 ? null : [.. _weights],
        }, WireJson.Wire.TextDeltaEvent).ConfigureAwait(false);
        _logProbs.Clear();
        _weights.Clear();
    }

    private async Task Close(int place, bool isCut)
    {
        var text = new ResponseText(_answer.Text)
        {
            LogProbs = [.. _answer.Predictions.Select(_words.Describe)],
            StreamWeights = request.Generation.Options.StreamWeights ? _answer.StreamWeights : null,
        };
        _items[place] = ResponseItem.Message(_message, isCut ? "incomplete" : "completed", [text]);
        await Send("response.output_text.done", type => new TextDoneEvent(type, _number, _message, place, 0, text.Text) { LogProbs = text.LogProbs }, WireJson.Wire.TextDoneEvent).ConfigureAwait(false);
        await Send("response.content_part.done", type => new PartEvent(type, _number, _message, place, 0, text), WireJson.Wire.PartEvent).ConfigureAwait(false);
        await Send("response.output_item.done", type => new ItemEvent(type, _number, place, _items[place]), WireJson.Wire.ItemEvent).ConfigureAwait(false);
    }

    // A call comes whole: its arguments are one delta.
    private async Task Call(ToolCall call)
    {
        await EndThinking(isCut: false).ConfigureAwait(false);
        int place = _items.Count;
        var item = ResponseItem.Call(Answers.NewId("fc"), call);
        _items.Add(item);
        await Send("response.output_item.added", type => new ItemEvent(type, _number, place, item with { Status = "in_progress", Arguments = "" }), WireJson.Wire.ItemEvent).ConfigureAwait(false);
        await Send("response.function_call_arguments.delta", type => new ArgumentsDeltaEvent(type, _number, item.Id, place, call.Arguments), WireJson.Wire.ArgumentsDeltaEvent).ConfigureAwait(false);
        await Send("response.function_call_arguments.done", type => new ArgumentsDoneEvent(type, _number, item.Id, place, call.Name, call.Arguments), WireJson.Wire.ArgumentsDoneEvent).ConfigureAwait(false);
        await Send("response.output_item.done", type => new ItemEvent(type, _number, place, item), WireJson.Wire.ItemEvent).ConfigureAwait(false);
    }

    // An event for those who only look for errors, and the response for those who follow its state.
    private async Task Fail(ApiException e)
    {
        await Send("error", type => new ResponseErrorEvent(type, _number, e.Message) { Code = e.Code ?? e.Type, Param = e.Param }, WireJson.Wire.ResponseErrorEvent).ConfigureAwait(false);
        Response failed = _response with { Status = "failed", Error = new ResponseError(e.Code ?? e.Type, e.Message) };
        await Send("response.failed", type => new ResponseEvent(type, _number, failed), WireJson.Wire.ResponseEvent).ConfigureAwait(false);
    }

    private async Task Send<T>(string name, Func<string, T> value, JsonTypeInfo<T> type)
    {
        if (!request.Generation.Stream) return;
        await scope.Events.Send(value(name), type, name).ConfigureAwait(false);
        _number++;
    }
}
