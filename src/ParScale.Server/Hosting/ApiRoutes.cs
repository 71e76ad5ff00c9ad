using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>Maps the endpoints of one API: what fails is told in its shape, and a wrong method is answered 405.</summary>
internal sealed class ApiRoutes(IEndpointRouteBuilder routes, ParScaleService service, ErrorShape errors)
{
    public void Get(string path, Func<RequestScope, Task> run, bool isOpen = false) => Map(HttpMethods.Get, path, run, isOpen);

    public void Post(string path, Func<RequestScope, Task> run) => Map(HttpMethods.Post, path, run);

    /// <summary>Answers every method.</summary>
    public void Any(string path, Func<RequestScope, Task> run, bool isOpen = false) =>
        routes.Map(path, context => service.Handle(context, run, isOpen, errors));

    private void Map(string method, string path, Func<RequestScope, Task> run, bool isOpen = false)
    {
        routes.MapMethods(path, [method], context => service.Handle(context, run, isOpen, errors));
        Any(path, scope =>
        {
            scope.Context.Response.Headers.Allow = method;
            throw new ApiException(StatusCodes.Status405MethodNotAllowed, $"{path} takes {method} only", "invalid_request_error");
        }, isOpen);
    }
}
