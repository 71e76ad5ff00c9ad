using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Requests;
using ParScale.Text.Chat.Tools;

namespace ParScale.Server.OpenAi;

/// <summary><c>POST /v1/chat/completions</c></summary>
internal static class ChatEndpoint
{
    public static async Task Run(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        var fields = new Fields(body.RootElement);
        GenerationRequest request = ChatRequest.Read(fields, scope.State, scope.Options, scope.Owner, scope.Cancellation);
        using IDisposable place = await scope.Enter().ConfigureAwait(false);
        if (request.Stream) await Stream(scope, request).ConfigureAwait(false);
        else await Whole(scope, request).ConfigureAwait(false);
    }

    private static async Task Whole(RequestScope scope, GenerationRequest request)
    {
        CollectedAnswer[] answers = [.. Enumerable.Range(0, request.Choices).Select(_ => new CollectedAnswer())];
        await foreach ((int index, GeneratedPiece piece) in Generations.Run(request, scope.Cancellation).ConfigureAwait(false)) answers[index].Add(piece);
        var words = new TokenWords(request.Model.Model.Tokenizer);
        GenerationStatistics[] statistics = [.. answers.Select(answer => answer.Statistics!)];
        await Answer.Json(scope.Context, new ChatCompletion(Answers.NewId("chatcmpl"), scope.Created, request.Name,
            [.. answers.Select((answer, i) => new ChatChoice(i, Message(answer), Answers.Word(answer.Finish!.Value))
            {
                LogProbs = request.Options.TopLogProbs is null ? null : new ChatLogProbs([.. answer.Predictions.Select(words.Describe)]),
                StreamWeights = request.Options.StreamWeights ? answer.StreamWeights : null,
            })],
            Answers.Usage(request, statistics))
        {
            Timings = Answers.Timings(statistics),
        }, WireJson.Wire.ChatCompletion).ConfigureAwait(false);
    }

    // An answer that only calls has no content.
    private static ChatAnswer Message(CollectedAnswer answer) => new("assistant")
    {
        Content = answer.Text.Length == 0 && answer.ToolCalls.Count > 0 ? null : answer.Text,
        ReasoningContent = answer.Thinking,
        ToolCalls = answer.ToolCalls.Count == 0 ? null : [.. answer.ToolCalls.Select(WireToolCall.Of)],
    };

    private static async Task Stream(RequestScope scope, GenerationRequest request)
    {
        EventStream events = scope.Events;
        string id = Answers.NewId("chatcmpl");
        ChatCompletionChunk Chunk(params ChatChunkChoice[] choices) => new(id, scope.Created, request.Name, choices);
        Task Send(ChatCompletionChunk chunk) => events.Send(chunk, WireJson.Wire.ChatCompletionChunk);
        var words = new TokenWords(request.Model.Model.Tokenizer);
        var statistics = new GenerationStatistics[request.Choices];
        var begun = new bool[request.Choices];
        var calls = new int[request.Choices];
        await foreach ((int index, GeneratedPiece piece) in Generations.Run(request, scope.Cancellation).ConfigureAwait(false))
        {
            if (!begun[index])
            {
                begun[index] = true;
                await Send(Chunk(new ChatChunkChoice(index, new ChatDelta { Role = "assistant", Content = "" }))).ConfigureAwait(false);
            }
            ChatLogProbs? logProbs = piece.Prediction is null ? null : new ChatLogProbs([words.Describe(piece.Prediction)]);
            IReadOnlyList<float[]?>? weights = Answers.Weights(request, piece);
            if (piece.Text.Length > 0 || piece.Thinking is not null || logProbs is not null || weights is not null)
            {
                await Send(Chunk(new ChatChunkChoice(index, new ChatDelta { Content = piece is { Text: "", Thinking: not null } ? null : piece.Text, ReasoningContent = piece.Thinking })
                {
                    LogProbs = logProbs,
                    StreamWeights = weights,
                })).ConfigureAwait(false);
            }
            foreach (ToolCall call in piece.ToolCalls ?? [])
                await Send(Chunk(new ChatChunkChoice(index, new ChatDelta { ToolCalls = [WireToolCall.Of(call) with { Index = calls[index]++ }] }))).ConfigureAwait(false);
            if (piece.FinishReason is not { } reason) continue;
            statistics[index] = piece.Statistics!;
            await Send(Chunk(new ChatChunkChoice(index, new ChatDelta()) { FinishReason = Answers.Word(reason) })).ConfigureAwait(false);
        }
        if (request.StreamUsage)
            await Send(Chunk() with { Usage = Answers.Usage(request, statistics), Timings = Answers.Timings(statistics) }).ConfigureAwait(false);
        await events.Done().ConfigureAwait(false);
    }
}
