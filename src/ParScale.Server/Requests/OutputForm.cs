using System.Text.Json;
using ParScale.Generation.Constraints;
using ParScale.Server.Http;

namespace ParScale.Server.Requests;

/// <summary>Reads <c>response_format</c>: free text, any JSON object, or JSON of a schema. What cannot be enforced is refused.</summary>
internal static class OutputForm
{
    /// <summary>The constraint; null for free text.</summary>
    public static OutputConstraint? Read(Fields body)
    {
        if (body.Object("response_format") is not { } format) return null;
        return format.Text("type") switch
        {
            "text" => null,
            "json_object" => OutputConstraint.JsonObject,
            "json_schema" => Schema(format),
            _ => throw ApiException.Field("response_format.type", "response_format.type must be text, json_object or json_schema"),
        };
    }

    private static OutputConstraint Schema(Fields format)
    {
        Fields about = format.Object("json_schema") ?? throw ApiException.Field("response_format.json_schema", "response_format.json_schema is missing");
        JsonElement schema = about.Get("schema") ?? throw ApiException.Field("response_format.json_schema.schema", "response_format.json_schema.schema is missing");
        try
        {
            return OutputConstraint.JsonSchema(schema);
        }
        catch (ParScaleException e)
        {
            throw ApiException.Field("response_format", e.Message, e.Code);
        }
    }
}
