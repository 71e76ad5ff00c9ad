using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Hosting;
using ParScale.Server.Http;

namespace ParScale.Server.Requests;

/// <summary>A request to continue texts or token ids.</summary>
/// <param name="Generation">What is generated.</param>
/// <param name="Echo">Whether the answer begins with the prompt.</param>
/// <param name="LogProbs">How many of the likeliest tokens come with each token; null for none.</param>
internal sealed record CompletionRequest(GenerationRequest Generation, bool Echo, int? LogProbs)
{
    private const int MostPrompts = 2048, MostTop = 20;

    /// <summary>Whether the prompt is echoed and nothing follows it, as those ask who want its log-probabilities. The engine makes one token all the same.</summary>
    public bool Scores { get; private init; }

    /// <summary>Reads it.</summary>
    public static CompletionRequest Read(Fields body, ServerState state, string scope)
    {
        bool echo = body.Flag("echo") ?? false;
        long? asked = body.Integer("max_tokens", -1, int.MaxValue);
        bool scores = echo && asked == 0;
        GenerationRequest request = GenerationRequest.Read(body, state, scope, scores ? 1 : SamplingFields.Limit(body, "max_tokens"), body.Text("model"));
        int? logProbs = (int?)body.Integer("logprobs", 0, MostTop);
        if (body.Get("suffix") is { } suffix && !(suffix.ValueKind == JsonValueKind.String && suffix.ValueEquals("")))
            throw ApiException.Field("suffix", "suffix is not supported");
        if (body.Integer("best_of", 1, 8) is { } best && best != request.Choices) throw ApiException.Field("best_of", "best_of must be equal to n");
        return new CompletionRequest(request.With(Prompts(body, request.Model.Model), "prompt") with
        {
            Options = request.Options with
            {
                // OpenAI's own default; without it a forgotten limit fills the context.
                ImpliedMost = asked is null ? request.Model.Model.GenerationConfig.MaxNewTokens ?? 16 : request.Options.ImpliedMost,
                TopLogProbs = logProbs,
                PromptLogProbs = echo && logProbs is not null,
            },
        }, echo, logProbs)
        {
            Scores = scores,
        };
    }

    /// <summary>A piece of an answer as the client gets it: of one that only scores, nothing is new.</summary>
    public GeneratedPiece Shown(GeneratedPiece piece) => !Scores ? piece : new GeneratedPiece("", null)
    {
        PromptPredictions = piece.PromptPredictions,
        FinishReason = piece.FinishReason is null ? null : FinishReason.Length,
        Statistics = piece.Statistics is { } statistics ? statistics with { NewTokens = 0 } : null,
    };

    // A text, texts, ids, or lists of ids.
    private static List<int[]> Prompts(Fields body, LanguageModel model)
    {
        JsonElement prompt = body.Get("prompt") ?? throw ApiException.Field("prompt", "prompt is missing");
        // As with vLLM and llama.cpp: whoever writes prompts of this endpoint writes a template's tokens too.
        bool parses = body.Flag("parse_special") ?? true;
        if (prompt.ValueKind == JsonValueKind.String) return [Encode(model, Fields.TextOf(prompt, "prompt"), parses)];
        JsonElement list = body.List("prompt", int.MaxValue)!.Value;
        if (list.GetArrayLength() == 0) throw ApiException.Field("prompt", "prompt is empty");
        if (list.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Number)) return [Fields.TokenIds(list, "prompt", model.Config.VocabularySize)];
        if (list.GetArrayLength() > MostPrompts) throw ApiException.Field("prompt", $"prompt has more than {MostPrompts} entries");
        return [.. list.EnumerateArray().Select((one, i) => one.ValueKind switch
        {
            JsonValueKind.String => Encode(model, Fields.TextOf(one, $"prompt[{i}]"), parses),
            JsonValueKind.Array => Fields.TokenIds(one, $"prompt[{i}]", model.Config.VocabularySize),
            _ => throw ApiException.Field($"prompt[{i}]", $"prompt[{i}] must be a text or a list of token ids"),
        })];
    }

    private static int[] Encode(LanguageModel model, string text, bool parsesSpecial)
    {
        int[] ids = model.Tokenizer.Encode(text, parsesSpecial, addSpecial: true);
        if (ids.Length > 0) return ids;
        return model.Config.FirstToken is { } id ? [id] : throw ApiException.Field("prompt", "the prompt is empty");
    }
}
