using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>One request on its way: whose it is, what serves it, and when it ends.</summary>
internal sealed class RequestScope(HttpContext context, ServerState state, ServerOptions options, RequestGate gate, string owner, CancellationToken cancellation)
{
    public HttpContext Context => context;

    public ServerState State => state;

    public ServerOptions Options => options;

    /// <summary>Whose request it is: prompts are reused within one owner only.</summary>
    public string Owner => owner;

    /// <summary>Cancelled when the client is gone, or the time is over.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>The answer as events.</summary>
    public EventStream Events { get; } = new(context);

    /// <summary>The answer as lines.</summary>
    public LineStream Lines { get; } = new(context);

    /// <summary>Whether a part of the answer was sent.</summary>
    public bool HasBegun => Events.HasBegun || Lines.HasBegun;

    /// <summary>Tells an error in a stream that has begun, where that is more than one last part.</summary>
    public Func<ApiException, Task>? WhenCut { get; set; }

    /// <summary>Now, in seconds since 1970.</summary>
    public long Created { get; } = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public Task<JsonDocument> ReadBody() => RequestBody.Read(context, options.MaxBodyBytes);

    /// <summary>Waits for a place among those that run.</summary>
    public Task<IDisposable> Enter() => gate.Enter(cancellation);
}
