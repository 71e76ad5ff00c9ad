using System.Text.Json;
using ParScale.Generation.Constraints;
using ParScale.Server.Http;

namespace ParScale.Server.Requests;

/// <summary>Reads what form the answer must have: free text, any JSON object, or JSON of a schema. What cannot be enforced is refused.</summary>
internal static class OutputForm
{
    /// <summary><c>response_format</c> of a body; null for free text.</summary>
    public static OutputConstraint? Read(Fields body) =>
        body.Object("response_format") is { } format ? Read(format, format.Text("type") == "json_schema" ? Required(format, "json_schema") : format) : null;

    /// <summary>A form whose schema stands in another object than its type, or in the same.</summary>
    public static OutputConstraint? Read(Fields format, Fields schema) => format.Text("type") switch
    {
        "text" => null,
        "json_object" => OutputConstraint.JsonObject,
        "json_schema" => Schema(schema.Get("schema") ?? throw ApiException.Field(schema.At("schema"), $"{schema.At("schema")} is missing"), format.Path),
        _ => throw ApiException.Field(format.At("type"), $"{format.At("type")} must be text, json_object or json_schema"),
    };

    /// <summary>The constraint of a schema.</summary>
    public static OutputConstraint Schema(JsonElement schema, string path)
    {
        try
        {
            return OutputConstraint.JsonSchema(schema);
        }
        catch (ParScaleException e)
        {
            throw ApiException.Field(path, e.Message, e.Code);
        }
    }

    private static Fields Required(Fields format, string name) =>
        format.Object(name) ?? throw ApiException.Field(format.At(name), $"{format.At(name)} is missing");
}
