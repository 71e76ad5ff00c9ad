using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using ParScale.Generation;
using ParScale.Generation.Constraints;
using ParScale.Text.Chat;

namespace ParScale.Extensions.AI;

/// <summary>From the options of a call to those of the engine and of the chat template.</summary>
internal static class RequestOptions
{
    /// <summary>What to generate. What a call leaves open comes from the model.</summary>
    public static GenerationOptions Generation(ParScaleChatClient client, LanguageModel model, ChatOptions? options)
    {
        GenerationOptions defaults = options?.RawRepresentationFactory?.Invoke(client) as GenerationOptions ?? Defaults(model);
        if (options is null) return defaults;
        RefuseUnsupported(client, options);
        AdditionalProperties more = new(options.AdditionalProperties);
        SamplingOptions sampling = defaults.Sampling;
        return defaults with
        {
            NamedMost = options.MaxOutputTokens ?? defaults.NamedMost,
            Streams = more.Streams() ?? defaults.Streams,
            Stop = options.StopSequences is { Count: > 0 } stop ? [.. defaults.Stop, .. stop] : defaults.Stop,
            Constraint = Format(options.ResponseFormat) ?? defaults.Constraint,
            Tools = Tools(model, options) ?? defaults.Tools,
            Sampling = sampling with
            {
                Temperature = Exact(options.Temperature) ?? sampling.Temperature,
                TopP = Exact(options.TopP) ?? sampling.TopP,
                TopK = options.TopK ?? sampling.TopK,
                MinP = more.Number("min_p") ?? sampling.MinP,
                RepetitionPenalty = more.Number("repetition_penalty") ?? sampling.RepetitionPenalty,
                FrequencyPenalty = Exact(options.FrequencyPenalty) ?? sampling.FrequencyPenalty,
                PresencePenalty = Exact(options.PresencePenalty) ?? sampling.PresencePenalty,
                Seed = options.Seed is { } seed ? unchecked((ulong)seed) : sampling.Seed,
            },
        };
    }

    /// <summary>What the chat template is given beside the messages.</summary>
    public static ChatTemplateOptions? Template(LanguageModel model, ChatOptions? options)
    {
        JsonArray? tools = options?.ToolMode is NoneChatToolMode ? null : ToolSchemas.Of(options?.Tools);
        JsonObject? variables = new AdditionalProperties(options?.AdditionalProperties).Variables();
        if (Effort(options?.Reasoning?.Effort) is { } effort && model.ChatTemplate is not null) variables = model.Thinking.WithEffort(effort, variables);
        return tools is null && variables is null ? null : new ChatTemplateOptions { Tools = tools, Variables = variables };
    }

    /// <summary>The tools that may be called, and whether one must be; null when there are none, or none may be called.</summary>
    private static OfferedTools? Tools(LanguageModel model, ChatOptions options)
    {
        var required = options.ToolMode as RequiredChatToolMode;
        if (options.ToolMode is NoneChatToolMode) return null;
        if (ToolSchemas.Of(options.Tools) is { } tools)
            return OfferedTools.Create(model, tools, required is not null, required?.RequiredFunctionName, options.AllowMultipleToolCalls);
        return required is null ? null : throw Unsupported("ToolMode RequireAny without tools", "give the tools, or use Auto");
    }

    // The words of OpenAI's API, which templates know.
    private static string? Effort(ReasoningEffort? effort) => effort switch
    {
        ReasoningEffort.None => ThinkingSupport.NoEffort,
        ReasoningEffort.Low => "low",
        ReasoningEffort.Medium => "medium",
        ReasoningEffort.High => "high",
        ReasoningEffort.ExtraHigh => "xhigh",
        _ => null,
    };

    private static OutputConstraint? Format(ChatResponseFormat? format) => format is not ChatResponseFormatJson json ? null
        : json.Schema is { } schema ? OutputConstraint.JsonSchema(schema) : OutputConstraint.JsonObject;

    private static GenerationOptions Defaults(LanguageModel model) =>
        model.DefaultOptions with { ImpliedMost = model.GenerationConfig.MaxNewTokens ?? ParScaleChatClient.DefaultMaxOutputTokens };

    private static void RefuseUnsupported(ParScaleChatClient client, ChatOptions options)
    {
        if (options.ConversationId is not null) throw Unsupported("ConversationId", "no conversation is kept here; give all messages with each call");
        if (options.ModelId is { } id && id != client.ModelId)
            throw Unsupported($"ModelId {ParScaleException.Quote(id)}", $"this client runs {ParScaleException.Quote(client.ModelId)}; leave it out");
    }

    private static ParScaleException Unsupported(string name, string advice) =>
        ParScaleException.Usage("AI-01", $"the chat option {name} is not supported: {advice}");

    // 0.7f is not 0.7: the shortest decimal is what was meant, and gives the text that the same number gives elsewhere.
    private static double? Exact(float? value) =>
        value is { } number ? double.Parse(number.ToString("R", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture) : null;
}
