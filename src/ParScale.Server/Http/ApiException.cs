using Microsoft.AspNetCore.Http;

namespace ParScale.Server.Http;

/// <summary>An answer that is an error: its status and the fields of OpenAI's error object.</summary>
internal sealed class ApiException(int status, string message, string type, string? param = null, string? code = null) : Exception(message)
{
    public int Status => status;

    public string Type => type;

    /// <summary>The field of the request that is wrong.</summary>
    public string? Param => param;

    public string? Code => code;

    /// <summary>Seconds after which the client may try again.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Whether the same request would end the same way, although clients send one with this status again.</summary>
    public bool IsFinal { get; init; }

    /// <summary>A field of the request is wrong.</summary>
    public static ApiException Field(string param, string message, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, "invalid_request_error", param, code);

    public static ApiException NotFound(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status404NotFound, message, "invalid_request_error", param, code);

    public static ApiException Unavailable(string message, int retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, message, "unavailable_error") { RetryAfter = retryAfter };

    /// <summary>How an exception of the library is told to a client.</summary>
    public static ApiException From(ParScaleException e) => e.Code switch
    {
        "GE-03" => Field("messages", e.Message, "context_length_exceeded"),
        _ when e.IsDeviceLost => new(StatusCodes.Status503ServiceUnavailable, e.Message, "unavailable_error", code: e.Code),
        "ST-24" => new(StatusCodes.Status500InternalServerError, e.Message, "server_error", code: "nonfinite_logits"),
        _ when e.Kind is ErrorKind.Usage or ErrorKind.BadInput => new(StatusCodes.Status400BadRequest, e.Message, "invalid_request_error", code: e.Code),
        _ when e.Kind is ErrorKind.NotEnoughMemory => new(StatusCodes.Status400BadRequest, e.Message, "invalid_request_error", code: e.Code),
        _ => new(StatusCodes.Status500InternalServerError, "the server failed", "server_error", code: e.Code),
    };
}
