using System.Globalization;
using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.OpenAi;
using ParScale.Server.Requests;
using ParScale.Text.Chat.Tools;

namespace ParScale.Server.Ollama;

/// <summary><c>POST /api/chat</c> and <c>POST /api/generate</c></summary>
internal static class OllamaGeneration
{
    public static Task Chat(RequestScope scope) => Run(scope, OllamaRequest.Chat, (answer, said) => answer with
    {
        Message = new OllamaMessage("assistant", said.Text) { Thinking = said.Thinking, ToolCalls = said.Calls is null or { Count: 0 } ? null : [.. said.Calls.Select(OllamaFunctionCall.Of)] },
    });

    public static Task Generate(RequestScope scope) => Run(scope, OllamaRequest.Generate, (answer, said) => answer with { Response = said.Text, Thinking = said.Thinking });

    /// <summary>A time as Ollama writes it.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static async Task Run(RequestScope scope, Func<Fields, RequestScope, GenerationRequest> read, Func<OllamaAnswer, Said, OllamaAnswer> say)
    {
        long start = TimeProvider.System.GetTimestamp();
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        GenerationRequest request = read(new Fields(body.RootElement), scope);
        OllamaAnswer Part(Said said, bool isLast = false) => say(new OllamaAnswer(request.Name, Time(DateTimeOffset.UtcNow), isLast), said);
        if (request.Prompts.Count == 0)
        {
            await Answer.Json(scope.Context, Part(Said.Nothing, isLast: true) with { DoneReason = "load" }, WireJson.Wire.OllamaAnswer).ConfigureAwait(false);
            return;
        }
        using IDisposable place = await scope.Enter().ConfigureAwait(false);
        var words = new TokenWords(request.Model.Model.Tokenizer);
        var answer = new CollectedAnswer();
        await foreach ((_, GeneratedPiece piece) in Generations.Run(request, scope.Cancellation).ConfigureAwait(false))
        {
            answer.Add(piece);
            IReadOnlyList<float[]?>? weights = Answers.Weights(request, piece);
            if (!request.Stream || (weights is null && piece is { Text: "", Thinking: null, Prediction: null, ToolCalls: null })) continue;
            await scope.Lines.Send(Part(new Said(piece.Text, piece.Thinking, piece.ToolCalls)) with
            {
                LogProbs = piece.Prediction is null ? null : [words.Describe(piece.Prediction)],
                StreamWeights = weights,
            }, WireJson.Wire.OllamaAnswer).ConfigureAwait(false);
        }
        OllamaAnswer last = Part(request.Stream ? Said.Nothing : new Said(answer.Text, answer.Thinking, answer.ToolCalls), isLast: true) with
        {
            LogProbs = request.Stream || request.Options.TopLogProbs is null ? null : [.. answer.Predictions.Select(words.Describe)],
            StreamWeights = request.Stream || !request.Options.StreamWeights ? null : answer.StreamWeights,
            // Ollama has no reason of its own for calls.
            DoneReason = answer.Finish == FinishReason.Length ? "length" : "stop",
            TotalDuration = Nanoseconds(TimeProvider.System.GetElapsedTime(start)),
            LoadDuration = 0,
            PromptEvalCount = answer.Statistics!.PromptTokens,
            PromptEvalDuration = Nanoseconds(answer.Statistics.Prefill),
            EvalCount = answer.Statistics.NewTokens,
            EvalDuration = Nanoseconds(answer.Statistics.Decode),
            Streams = request.Set.Count,
        };
        if (request.Stream) await scope.Lines.Send(last, WireJson.Wire.OllamaAnswer).ConfigureAwait(false);
        else await Answer.Json(scope.Context, last, WireJson.Wire.OllamaAnswer).ConfigureAwait(false);
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    // What a part of an answer says.
    private sealed record Said(string Text, string? Thinking, IReadOnlyList<ToolCall>? Calls)
    {
        public static Said Nothing { get; } = new("", null, null);
    }
}
