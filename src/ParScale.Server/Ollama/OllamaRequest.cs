using System.Text.Json;
using ParScale.Generation.Constraints;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Requests;
using ParScale.Text.Chat;

namespace ParScale.Server.Ollama;

/// <summary>Reads what Ollama's clients ask to be generated. Without messages or a prompt they only want the model to be loaded, which it is.</summary>
internal static class OllamaRequest
{
    private const string Latest = ":latest";

    /// <summary>A request of <c>/api/chat</c>.</summary>
    public static GenerationRequest Chat(Fields body, RequestScope scope)
    {
        GenerationRequest request = Read(body, scope);
        ChatMessage[] messages = OllamaMessages.Read(body);
        return messages.Length == 0 ? request : Turn(body, request, messages, "messages", scope);
    }

    /// <summary>A request of <c>/api/generate</c>.</summary>
    public static GenerationRequest Generate(Fields body, RequestScope scope)
    {
        GenerationRequest request = Read(body, scope);
        RequireEmpty(body, "suffix", "the model continues texts only");
        OllamaMessages.RequireNone(body, "context", "keep the conversation in messages of /api/chat");
        OllamaMessages.RequireNone(body, "images", "this model reads text only");
        string prompt = body.Text("prompt") ?? "", system = body.Text("system") ?? "";
        bool isRaw = body.Flag("raw") ?? false;
        if (prompt.Length == 0) return request;
        LanguageModel model = request.Model.Model;
        if (!isRaw && model.ChatTemplate is not null)
        {
            ChatMessage[] asked = [new ChatMessage("user", prompt)];
            return Turn(body, request, system.Length == 0 ? asked : [new ChatMessage("system", system), .. asked], "prompt", scope);
        }
        const string NoTemplate = "needs a chat template; the model has none, or raw is true";
        if (system.Length > 0) throw ApiException.Field("system", $"system {NoTemplate}");
        if (body.Get("think") is { ValueKind: not JsonValueKind.False }) throw ApiException.Field("think", $"think {NoTemplate}");
        // Who writes the prompt raw writes the template's own tokens into it.
        return request.With([model.Tokenizer.Encode(prompt, parseSpecial: isRaw, addSpecial: true)], "prompt");
    }

    /// <summary>The name of a model, which Ollama's clients may complete with a tag of theirs.</summary>
    public static string? Name(Fields body)
    {
        string? name = body.Text("model") ?? body.Text("name");
        return name?.EndsWith(Latest, StringComparison.Ordinal) == true ? name[..^Latest.Length] : name;
    }

    private static GenerationRequest Read(Fields body, RequestScope scope)
    {
        RequireEmpty(body, "template", "the model's own template is used");
        Fields options = OllamaOptions.Read(body);
        GenerationRequest request = GenerationRequest.Read(body, scope.State, scope.Owner, OllamaOptions.Limit(options), Name(body), options);
        if (request.Choices != 1) throw ApiException.Field("n", "n must be 1; there is one answer");
        bool wantsLogProbs = body.Flag("logprobs") ?? false;
        int top = (int)(body.Integer("top_logprobs", 0, ChatRequest.MostTop) ?? 0);
        if (top > 0 && !wantsLogProbs) throw ApiException.Field("top_logprobs", "top_logprobs needs logprobs: true");
        return request with
        {
            Stream = body.Flag("stream") ?? true,
            Options = request.Options with
            {
                Sampling = OllamaOptions.Adapt(options, request.Options.Sampling, request.Model.Model.Config.MaxPositions),
                Constraint = Form(body),
                TopLogProbs = wantsLogProbs ? top : null,
            },
        };
    }

    private static GenerationRequest Turn(Fields body, GenerationRequest request, ChatMessage[] messages, string field, RequestScope scope)
    {
        LanguageModel model = request.Model.Model;
        RenderedChat chat = ChatRequest.Write(model, messages, new ChatTemplateOptions
        {
            AddGenerationPrompt = true,
            Tools = ToolFields.Shown(body),
            Variables = ThinkingFields.WithThink(body, model, field, scope.Options),
        }, field, scope.Options, scope.Cancellation);
        return request.AsTurn(chat, field) with
        {
            Options = request.Options with { Tools = ToolFields.Offered(body, model) },
        };
    }

    // "json" or a schema.
    private static OutputConstraint? Form(Fields body) => body.Get("format") switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } schema => OutputForm.Schema(schema, "format"),
        { ValueKind: JsonValueKind.String } word when word.ValueEquals("json") => OutputConstraint.JsonObject,
        { ValueKind: JsonValueKind.String } word when word.ValueEquals("") => null,
        _ => throw ApiException.Field("format", "format must be json or a schema"),
    };

    private static void RequireEmpty(Fields body, string name, string why)
    {
        if (body.Text(name) is { Length: > 0 }) throw ApiException.Field(name, $"{name} is not supported: {why}");
    }
}
