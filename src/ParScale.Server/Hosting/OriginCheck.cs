using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>
/// Refuses requests that a page of another site has a browser send. It could not read the answers, but the server would compute them. Programs send no
/// origin, and those of apps and extensions, which are no sites, pass.
/// </summary>
internal static class OriginCheck
{
    // What ASP.NET Core's CORS middleware leaves: an application that runs it decides itself.
    private const string CorsRan = "__CorsMiddlewareWithEndpointInvoked";

    /// <summary>Lets a request pass or not.</summary>
    /// <exception cref="ApiException">A page of another site sends it (403).</exception>
    public static void Require(HttpContext context, ServerOptions options)
    {
        // No page has the key of another.
        if (options.ApiKeys.Count > 0) return;
        string origin = context.Request.Headers.Origin.ToString();
        if (!IsForeign(context.Request, origin, options) || context.Items.ContainsKey(CorsRan) || context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is not null) return;
        string page = origin.Length > 0 ? $"a page of {ParScaleException.Quote(origin)}" : "a page of another site";
        throw new ApiException(StatusCodes.Status403Forbidden, $"{page} may not use this server; see --allow-host", "invalid_request_error", code: "foreign_origin");
    }

    private static bool IsForeign(HttpRequest request, string origin, ServerOptions options)
    {
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is "same-origin" or "none") return false;
        // A link that somebody followed, or a part of a page such as a picture.
        if (origin.Length == 0) return site == "cross-site" && !(HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Dest"] == "document");
        // A page that hides where it is from, such as one in a frame.
        if (origin == "null") return true;
        if (!Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) || (from.Scheme != Uri.UriSchemeHttp && from.Scheme != Uri.UriSchemeHttps)) return false;
        // Behind a proxy or a gateway the server has another name than the page.
        string[] own = [request.Host.Value ?? "", request.Headers["X-Forwarded-Host"].ToString()];
        return !own.Contains(from.Authority, StringComparer.OrdinalIgnoreCase) && !options.AllowedHosts.Contains(from.Host, StringComparer.OrdinalIgnoreCase);
    }
}
