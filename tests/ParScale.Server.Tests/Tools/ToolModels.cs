[assembly: AssemblyFixture(typeof(ParScale.Server.Tests.Tools.ToolModels))]

namespace ParScale.Server.Tests.Tools;

/// <summary>Models that call <c>get_weather</c> for Rome when they are asked, each in the format of its family, and tell what came of it.</summary>
public sealed class ToolModels : IDisposable
{
    public const string Said = "It is sunny in Rome.", Before = "I'll look.";

    /// <summary>One tool, with arguments of which there are few.</summary>
    public const string Tools = """
        "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters":
          {"type": "object", "properties": {"city": {"enum": ["Rome", "Paris"]}}, "required": ["city"], "additionalProperties": false} } }]
        """;

    private static readonly string[] Answer = ["It is sunny", " in Rome."];

    private readonly Dictionary<string, Lazy<ScriptedModel>> _models = new()
    {
        ["hermes"] = new(() => new ScriptedModel(ToolTemplates.Hermes,
            [Before, "\n<tool", "_call>\n{\"name\": \"get_", "weather\", \"arguments\": {\"city\": \"Ro", "me\"}}\n</tool_", "call>"], Answer)),
        ["llama"] = new(() => new ScriptedModel(ToolTemplates.Llama, ["<|python_tag|>", "{\"name\": \"get_weather\", \"para", "meters\": {\"city\": \"Rome\"}}"], Answer, "<|python_tag|>")),
        ["mistral"] = new(() => new ScriptedModel(ToolTemplates.Mistral,
            ["[TOOL_CALLS]", " [{\"name\": \"get_weather\", ", "\"arguments\": {\"city\": \"Rome\"}}]"], Answer, "[TOOL_CALLS]")),
        ["mistral-v11"] = new(() => new ScriptedModel(ToolTemplates.MistralV11,
            ["[TOOL_CALLS]", "get_weather", "[ARGS]", "{\"city\": \"Rome\"}"], Answer, "[TOOL_CALLS]", "[ARGS]", "[CALL_ID]")),
        ["granite"] = new(() => new ScriptedModel(ToolTemplates.Granite,
            ["<|tool_call|>", "[{\"name\": \"get_weather\", ", "\"arguments\": {\"city\": \"Rome\"}}]"], Answer, "<|tool_call|>")),
        ["none"] = new(() => new ScriptedModel(ToolTemplates.Hermes, ["<tool_call>\n{\"name\": \"rm\", ", "\"arguments\": {}}\n</tool_call>"], Answer)),
        ["two"] = new(() => new ScriptedModel(ToolTemplates.Hermes,
            ["<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>\n", "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>"], Answer)),
        ["other"] = new(() => new ScriptedModel(ToolTemplates.Other, ["(call get_weather ", "{\"city\": \"Rome\"})"], Answer)),
    };

    /// <summary>The model of a format, made when it is first asked for.</summary>
    public LanguageModel this[string format] => _models[format].Value.Model;

    public void Dispose()
    {
        foreach (Lazy<ScriptedModel> model in _models.Values)
            if (model.IsValueCreated) model.Value.Dispose();
    }
}
