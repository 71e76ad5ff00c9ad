using System.Text.Json;
using ParScale.Server.Hosting;
using ParScale.Server.Ollama;

namespace ParScale.Server.Http;

/// <summary>How an API writes errors.</summary>
internal abstract class ErrorShape
{
    /// <summary><c>{"error": {"message", "type", "param", "code"}}</c></summary>
    public static ErrorShape OpenAi { get; } = new ErrorObject();

    /// <summary><c>{"error": "message"}</c></summary>
    public static ErrorShape Ollama { get; } = new ErrorText();

    /// <summary>Whether the message stands in the status line too: clients of this API show nothing else of most errors.</summary>
    public virtual bool IsToldByReason => false;

    /// <summary>The body of an answer that is an error.</summary>
    public abstract byte[] Body(ApiException e);

    /// <summary>Tells an error in a stream that has begun, as its last part.</summary>
    public abstract Task End(RequestScope scope, ApiException e);

    private sealed class ErrorObject : ErrorShape
    {
        public override byte[] Body(ApiException e) => JsonSerializer.SerializeToUtf8Bytes(new ErrorBody(ErrorDetail.Of(e)), WireJson.Wire.ErrorBody);

        public override Task End(RequestScope scope, ApiException e) => scope.Events.Send(new ErrorBody(ErrorDetail.Of(e)), WireJson.Wire.ErrorBody);
    }

    private sealed class ErrorText : ErrorShape
    {
        public override bool IsToldByReason => true;

        public override byte[] Body(ApiException e) => JsonSerializer.SerializeToUtf8Bytes(new OllamaError(e.Message), WireJson.Wire.OllamaError);

        public override Task End(RequestScope scope, ApiException e) => scope.Lines.Send(new OllamaError(e.Message), WireJson.Wire.OllamaError);
    }
}
