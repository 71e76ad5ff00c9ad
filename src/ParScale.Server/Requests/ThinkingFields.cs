using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Server.Http;
using ParScale.Text.Chat;

namespace ParScale.Server.Requests;

/// <summary>Reads whether and how much a model is to think before it answers, and where the thinking stands.</summary>
internal static class ThinkingFields
{
    /// <summary>The variables that the template is given: <c>chat_template_kwargs</c>, and an effort (<see cref="ThinkingSupport.WithEffort"/>).</summary>
    public static JsonObject? Variables(Fields body, string? effort, LanguageModel model, ServerOptions server)
    {
        JsonObject? variables = Given(body, server);
        return effort is null || model.ChatTemplate is null ? variables : model.Thinking.WithEffort(effort, variables);
    }

    /// <summary>
    /// The variables with Ollama's <c>think</c>. A template that does not know thinking cannot turn it on; to turn it off changes nothing
    /// there, and neither does turning it on where the model thinks in any case.
    /// </summary>
    public static JsonObject? WithThink(Fields body, LanguageModel model, string field, ServerOptions server)
    {
        JsonObject? variables = Given(body, server);
        if (body.Get("think") is not { } think) return variables;
        ChatTemplate template = ChatRequest.Template(model, field);
        if (think.ValueKind == JsonValueKind.String)
        {
            if (!template.Source.Contains(ThinkingSupport.Effort, StringComparison.Ordinal)) throw ApiException.Field("think", $"the model's template does not know {ThinkingSupport.Effort}; send true or false, or leave think out");
            variables ??= [];
            variables[ThinkingSupport.Effort] = Fields.TextOf(think, "think");
            return variables;
        }
        bool on = think.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw ApiException.Field("think", "think must be true, false or a level"),
        };
        if (model.Thinking.Switch is not null) return model.Thinking.Turn(on, variables);
        return !on || model.Thinking.IsKnown ? variables : throw ApiException.Field("think", "the model's template does not know thinking; leave think out");
    }

    /// <summary>Whether thinking stays in the text: <c>reasoning_format</c>, as llama.cpp has it.</summary>
    public static bool InText(Fields body) => body.Text("reasoning_format") switch
    {
        null or "auto" or "deepseek" => false,
        "none" => true,
        _ => throw ApiException.Field("reasoning_format", "reasoning_format must be auto, deepseek (thinking apart, in reasoning_content) or none (in the text)"),
    };

    private static JsonObject? Given(Fields body, ServerOptions server)
    {
        if (body.Object("chat_template_kwargs") is not { } variables) return null;
        foreach (JsonProperty variable in variables.Json.EnumerateObject())
        {
            if (server.TemplateVariables.Contains(variable.Name)) continue;
            throw ApiException.Field($"chat_template_kwargs.{variable.Name}",
                $"chat_template_kwargs.{variable.Name} is not accepted; known are {string.Join(", ", server.TemplateVariables)}");
        }
        return JsonNode.Parse(variables.Json.GetRawText())!.AsObject();
    }
}
