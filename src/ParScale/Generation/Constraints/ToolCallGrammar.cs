using System.Text.Json;
using ParScale.Text.Chat.Tools;

namespace ParScale.Generation.Constraints;

/// <summary>The texts that are calls of tools in a format.</summary>
internal static class ToolCallGrammar
{
    /// <summary>One call or more.</summary>
    /// <param name="format">How calls are written.</param>
    /// <param name="tools">Names, and what the arguments of each may be.</param>
    /// <param name="most">Most calls; null without a limit.</param>
    /// <param name="mark">How a mark is written: as text, or as a control token.</param>
    public static Grammar Of(ToolCallFormat format, IReadOnlyList<(string Name, Grammar Arguments)> tools, int? most, Func<string, Grammar> mark)
    {
        if (format.AfterName is { } after)
            return Grammar.Times(Grammar.Any([.. tools.Select(tool => Grammar.All(mark(format.Open), Grammar.Text(tool.Name), mark(after), tool.Arguments))]), 1, most);
        Grammar call = Grammar.Any([.. tools.Select(tool => Call(format, tool.Name, tool.Arguments))]);
        if (format.IsList) return Grammar.All(mark(format.Open), JsonText.Space, JsonText.ListOf("[", call, "]", 1, most));
        Grammar one = format.Close is null ? call
            : Grammar.All(mark(format.Open), JsonText.Space, call, JsonText.Space, mark(format.Close));
        Grammar between = format.IsBare ? Grammar.Text("; ") : JsonText.Space;
        return most == 1 ? one : Grammar.All(one, Grammar.Times(Grammar.All(between, one), 0, most - 1));
    }

    /// <summary>The arguments that a schema allows.</summary>
    /// <param name="parameters">The schema; null for a tool without parameters.</param>
    /// <exception cref="ParScaleException">It is malformed (JS-01) or cannot be enforced (JS-02).</exception>
    public static Grammar Arguments(JsonElement? parameters)
    {
        if (parameters is not { } schema) return JsonText.ListOf("{", Grammar.Empty, "}", 0, 0);
        if (schema.ValueKind != JsonValueKind.Object) throw JsonSchemaGrammar.Malformed("schema", "must be an object");
        if (schema.TryGetProperty("type", out JsonElement type))
            return type.ValueKind == JsonValueKind.String && type.ValueEquals("object") ? JsonSchemaGrammar.Read(schema)
                : throw JsonSchemaGrammar.Malformed("schema.type", "must be \"object\": arguments are one");
        return schema.EnumerateObject().Any() ? throw JsonSchemaGrammar.Malformed("schema.type", "is missing; it must be \"object\"") : JsonText.Object;
    }

    private static Grammar Call(ToolCallFormat format, string name, Grammar arguments) => Grammar.All(
        Grammar.Text("{"), JsonText.Space,
        JsonText.Member(Grammar.Text("\"name\""), Grammar.Text(JsonSerializer.Serialize(name, SchemaJson.Default.String))),
        JsonText.Space, Grammar.Text(","), JsonText.Space,
        JsonText.Member(Grammar.Text($"\"{format.ArgumentsKey}\""), arguments),
        JsonText.Space, Grammar.Text("}"));
}
