using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>Maps the endpoints of one API: what fails is told in its shape, and a wrong method is answered 405.</summary>
internal sealed class ApiRoutes(IEndpointRouteBuilder routes, ParScaleService service, ErrorShape errors)
{
    // Those who watch a server often ask for no more than the head, by its address and without a key.
    public void Get(string path, Func<RequestScope, Task> run, bool isHealth = false) => Map([HttpMethods.Get, HttpMethods.Head], path, run, isHealth);

    public void Post(string path, Func<RequestScope, Task> run) => Map([HttpMethods.Post], path, run);

    /// <summary>Answers every method.</summary>
    public void Any(string path, Func<RequestScope, Task> run, bool isHealth = false) =>
        routes.Map(path, context => service.Handle(context, run, isHealth, errors, anyAddress: isHealth));

    private void Map(string[] methods, string path, Func<RequestScope, Task> run, bool isHealth = false)
    {
        routes.MapMethods(path, methods, context => service.Handle(context, run, isHealth, errors, anyAddress: isHealth));
        Any(path, scope =>
        {
            scope.Context.Response.Headers.Allow = string.Join(", ", methods);
            throw new ApiException(StatusCodes.Status405MethodNotAllowed, $"{path} takes {methods[0]} only", "invalid_request_error");
        }, isHealth);
    }
}
