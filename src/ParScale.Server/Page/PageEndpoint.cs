using System.Text;
using Microsoft.AspNetCore.Http;
using ParScale.Server.Hosting;
using ParScale.Server.Http;

namespace ParScale.Server.Page;

/// <summary><c>GET /</c> and the files that the page is made of. They hold no secret and so need no key; what they ask for does.</summary>
internal static class PageEndpoint
{
    // Scripts and styles come from this server alone, nothing is loaded from elsewhere, and no text can become markup or code: a browser
    // then holds to it even where the page has a fault.
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    // What Ollama answers here; its clients ask for it to find out whether a server runs.
    private static readonly byte[] Greeting = Encoding.ASCII.GetBytes("Ollama is running");

    /// <summary><c>GET /</c>: the page for a browser, which asks for HTML by name, and one line for everybody else.</summary>
    public static Task Root(RequestScope scope)
    {
        HttpContext context = scope.Context;
        context.Response.Headers.Vary = "Accept";
        bool wantsPage = scope.Options.Page && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        return wantsPage ? Send(context, PageFiles.Index) : Write(context, Greeting, "text/plain; charset=utf-8");
    }

    /// <summary><c>GET /page/NAME</c></summary>
    public static Task File(RequestScope scope)
    {
        string name = scope.Context.Request.RouteValues["name"] as string ?? "";
        return scope.Options.Page && PageFiles.All.TryGetValue(name, out PageFile? file) ? Send(scope.Context, file)
            : throw ApiException.NotFound($"/page/{ParScaleException.Quote(name)} is not served");
    }

    private static Task Send(HttpContext context, PageFile file)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // Kept, but asked for each time: a new version of the server shows its own page at once.
        headers.CacheControl = "no-cache";
        headers.ETag = file.ETag;
        if (!context.Request.Headers.IfNoneMatch.ToString().Contains(file.ETag, StringComparison.Ordinal)) return Write(context, file.Body, file.Type);
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return Task.CompletedTask;
    }

    private static async Task Write(HttpContext context, byte[] body, string type)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}
