using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Text.Chat;

namespace ParScale.Server.Requests;

/// <summary>Reads a request for an assistant's turn.</summary>
internal static class ChatRequest
{
    /// <summary>Likeliest tokens that are told.</summary>
    public const int MostTop = 20;

    private const int RetryAfter = 5;

    /// <summary>The request with its prompt rendered.</summary>
    public static GenerationRequest Read(Fields body, ServerState state, ServerOptions server, string scope, CancellationToken cancellation)
    {
        long? most = SamplingFields.Limit(body, body.Get("max_completion_tokens") is null ? "max_tokens" : "max_completion_tokens");
        GenerationRequest request = GenerationRequest.Read(body, state, scope, most, body.Text("model"));
        bool wantsLogProbs = body.Flag("logprobs") ?? false;
        long? top = body.Integer("top_logprobs", 0, MostTop);
        if (top is not null && !wantsLogProbs) throw ApiException.Field("top_logprobs", "top_logprobs needs logprobs: true");
        return request.AsTurn(RenderText(body, request.Model.Model, server, cancellation), "messages") with
        {
            Options = request.Options with
            {
                ThinkingInText = ThinkingFields.InText(body),
                TopLogProbs = wantsLogProbs ? (int)(top ?? 0) : null,
                Tools = ToolFields.Offered(body, request.Model.Model),
            },
        };
    }

    /// <summary>The tokens of the messages, as the model's template writes them.</summary>
    public static int[] Render(Fields body, LanguageModel model, ServerOptions server, CancellationToken cancellation) =>
        model.Tokenizer.Encode(RenderText(body, model, server, cancellation));

    /// <summary>The messages as the model's template writes them.</summary>
    public static RenderedChat RenderText(Fields body, LanguageModel model, ServerOptions server, CancellationToken cancellation)
    {
        if (body.Get("chat_template") is not null) throw ApiException.Field("chat_template", "a template in a request is not run; the model's own is used");
        return Write(model, ChatMessages.Read(body), new ChatTemplateOptions
        {
            AddGenerationPrompt = body.Flag("add_generation_prompt") ?? true,
            ContinueFinalMessage = body.Flag("continue_final_message") ?? false,
            Tools = ToolFields.Shown(body),
            Variables = ThinkingFields.Variables(body, body.Text("reasoning_effort"), model, server),
        }, "messages", server, cancellation);
    }

    /// <summary>The template that conversations need.</summary>
    /// <exception cref="ApiException">The model has none.</exception>
    public static ChatTemplate Template(LanguageModel model, string field) =>
        model.ChatTemplate ?? throw ApiException.Field(field, "the model has no chat template; use /v1/completions, or start the server with --chat-template", "no_chat_template");

    /// <summary>Messages as the model's template writes them, within what a request may take.</summary>
    public static RenderedChat Write(LanguageModel model, IReadOnlyList<ChatMessage> messages, ChatTemplateOptions options, string field, ServerOptions server, CancellationToken cancellation)
    {
        ChatTemplate template = Template(model, field);
        // A template that was made by somebody else runs at every request.
        var budget = new ChatTemplateBudget(1_000_000, 4 << 20, 100, server.TemplateTime);
        try
        {
            return template.Render(messages, options with { Budget = budget }, cancellation);
        }
        catch (ParScaleException e) when (e.Code == "CT-19")
        {
            // Nothing is wrong with the request.
            throw ApiException.Unavailable($"{e.Message}; the server is busy, or the template works for very long: try again later", RetryAfter);
        }
        catch (ParScaleException e)
        {
            throw ApiException.Field(field, e.Message, e.Code);
        }
    }
}
