using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Requests;
using ParScale.Text;

namespace ParScale.Server.OpenAi;

/// <summary><c>POST /v1/completions</c></summary>
internal static class CompletionEndpoint
{
    public static async Task Run(RequestScope scope)
    {
        using JsonDocument body = await scope.ReadBody().ConfigureAwait(false);
        CompletionRequest request = CompletionRequest.Read(new Fields(body.RootElement), scope.State, scope.Owner);
        using IDisposable place = await scope.Enter().ConfigureAwait(false);
        if (request.Generation.Stream) await Stream(scope, request).ConfigureAwait(false);
        else await Whole(scope, request).ConfigureAwait(false);
    }

    private static async Task Whole(RequestScope scope, CompletionRequest request)
    {
        GenerationRequest generation = request.Generation;
        CollectedAnswer[] answers = [.. Enumerable.Range(0, generation.Prompts.Count * generation.Choices).Select(_ => new CollectedAnswer())];
        await foreach ((int index, GeneratedPiece piece) in Generations.Run(generation, scope.Cancellation).ConfigureAwait(false)) answers[index].Add(request.Shown(piece));
        GenerationStatistics[] statistics = [.. answers.Select(answer => answer.Statistics!)];
        await Answer.Json(scope.Context, new TextCompletion(Answers.NewId("cmpl"), scope.Created, generation.Name,
            [.. answers.Select((answer, i) => Choice(request, answer, i))])
        {
            Usage = Answers.Usage(generation, statistics),
            Timings = Answers.Timings(statistics),
        }, WireJson.Wire.TextCompletion).ConfigureAwait(false);
    }

    private static TextChoice Choice(CompletionRequest request, CollectedAnswer answer, int index)
    {
        Tokenizer tokenizer = request.Generation.Model.Model.Tokenizer;
        int[] prompt = request.Generation.Prompts[index / request.Generation.Choices];
        string echoed = request.Echo ? tokenizer.Decode(prompt) : "";
        int characters = 0;
        return new TextChoice(index, echoed + answer.Text)
        {
            FinishReason = Answers.Word(answer.Finish!.Value),
            LogProbs = request.LogProbs is null ? null
                : new TokenWords(tokenizer).List(request.Echo ? prompt[0] : null, [.. answer.PromptPredictions, .. answer.Predictions], ref characters),
            StreamWeights = request.Generation.Options.StreamWeights ? answer.StreamWeights : null,
        };
    }

    private static async Task Stream(RequestScope scope, CompletionRequest request)
    {
        GenerationRequest generation = request.Generation;
        Tokenizer tokenizer = generation.Model.Model.Tokenizer;
        var words = new TokenWords(tokenizer);
        EventStream events = scope.Events;
        string id = Answers.NewId("cmpl");
        int count = generation.Prompts.Count * generation.Choices;
        var statistics = new GenerationStatistics[count];
        var begun = new bool[count];
        // Code points of each choice's tokens so far, from where the offset of its next one counts.
        var characters = new int[count];
        Task Send(TextChoice[] choices, Usage? usage = null, Timings? timings = null) => events.Send(
            new TextCompletion(id, scope.Created, generation.Name, choices) { Usage = usage, Timings = timings }, WireJson.Wire.TextCompletion);
        await foreach ((int index, GeneratedPiece generated) in Generations.Run(generation, scope.Cancellation).ConfigureAwait(false))
        {
            GeneratedPiece piece = request.Shown(generated);
            string text = piece.Text;
            int[] prompt = generation.Prompts[index / generation.Choices];
            bool echoes = request.Echo && !begun[index];
            begun[index] = true;
            if (echoes) text = tokenizer.Decode(prompt) + text;
            PredictedToken[] predicted = [.. (echoes ? piece.PromptPredictions : null) ?? [], .. piece.Prediction is null ? [] : new[] { piece.Prediction }];
            TextLogProbs? logProbs = request.LogProbs is null || (predicted.Length == 0 && !echoes) ? null : words.List(echoes ? prompt[0] : null, predicted, ref characters[index]);
            IReadOnlyList<float[]?>? weights = Answers.Weights(generation, piece);
            if (text.Length > 0 || logProbs is not null || weights is not null)
            {
                await Send([new TextChoice(index, text)
                {
                    LogProbs = logProbs,
                    StreamWeights = weights,
                }]).ConfigureAwait(false);
            }
            if (piece.FinishReason is not { } reason) continue;
            statistics[index] = piece.Statistics!;
            await Send([new TextChoice(index, "") { FinishReason = Answers.Word(reason) }]).ConfigureAwait(false);
        }
        if (generation.StreamUsage) await Send([], Answers.Usage(generation, statistics), Answers.Timings(statistics)).ConfigureAwait(false);
        await events.Done().ConfigureAwait(false);
    }
}
