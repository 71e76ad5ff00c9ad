using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using ParScale.Cli.Options;
using ParScale.Server;

namespace ParScale.Cli.Serving;

/// <summary>Where a server listens, who may ask, and how long: options of <c>serve</c> and <c>gateway</c>.</summary>
internal sealed class ListenOptions
{
    private const int DefaultPort = 8080, HighestPort = 65535, DefaultWindow = 30;

    private readonly Option<string?> _host = new("--host")
    {
        Description = "Address to listen on (default: 127.0.0.1). An address that others reach needs an API key.",
        HelpName = "ADDRESS",
    };
    private readonly Option<int?> _port = NumberOption.Integer("--port", "Port to listen on; 0 takes a free one (default: 8080).", 0, HighestPort);
    private readonly Option<string?> _keyFile = new("--api-key-file")
    {
        Description = "Text file with the API keys, one a line. PARSCALE_API_KEY gives one without a file.",
        HelpName = "FILE",
    };
    private readonly Option<bool> _insecure = CommonOptions.Flag("--insecure", "Listen on an address that others reach without an API key.");
    private readonly Option<string[]?> _hosts = new("--allow-host")
    {
        Description = "A name by which this machine may be addressed, beside localhost, and whose pages may send requests; may be repeated.",
        HelpName = "NAME",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<int?> _timeout = NumberOption.Integer("--request-timeout", "Seconds after which a request is ended (default: 600).", 1, 86_400);
    private readonly Option<int?> _window = NumberOption.Integer("--drain-window", "Seconds that running requests get when the server is stopped (default: 30).", 0, 3600);

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _host, _port, _keyFile, _insecure, _hosts, _timeout, _window }) command.Options.Add(option);
    }

    /// <summary>Keys, hosts and the time limit; everything else is as a server has it by default.</summary>
    /// <exception cref="ParScaleException">
    /// The address is none (CL-02), others reach it and there is no key (CL-05), or the file of keys is of no use (SV-02).
    /// </exception>
    public ServerOptions Read(ParseResult parse)
    {
        var options = new ServerOptions
        {
            ApiKeys = Keys(parse.GetValue(_keyFile)),
            AllowedHosts = parse.GetValue(_hosts) ?? [],
        };
        if (parse.GetValue(_timeout) is { } seconds) options = options with { RequestTimeout = TimeSpan.FromSeconds(seconds) };
        IPAddress address = Endpoint(parse).Address;
        if (!IPAddress.IsLoopback(address) && options.ApiKeys.Count == 0 && !parse.GetValue(_insecure))
        {
            throw ParScaleException.Usage("CL-05",
                $"--host {address} can be reached by others, and there is no API key: give --api-key-file FILE or PARSCALE_API_KEY, or --insecure to serve everybody");
        }
        return options;
    }

    /// <summary>Where to listen.</summary>
    public IPEndPoint Endpoint(ParseResult parse)
    {
        string host = parse.GetValue(_host) ?? "127.0.0.1";
        int port = parse.GetValue(_port) ?? DefaultPort;
        if (host == "localhost") return new IPEndPoint(IPAddress.Loopback, port);
        return IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
            ? new IPEndPoint(address, port) : throw ParScaleException.Usage("CL-02", $"--host needs an IP address or localhost, not {ParScaleException.Quote(host)}");
    }

    /// <summary>How long running requests may take when the server is stopped.</summary>
    public TimeSpan DrainWindow(ParseResult parse) => TimeSpan.FromSeconds(parse.GetValue(_window) ?? DefaultWindow);

    // A key on the command line could be read by every user of the machine.
    private static string[] Keys(string? file)
    {
        string[] own = Environment.GetEnvironmentVariable("PARSCALE_API_KEY") is { Length: > 0 } key ? [key.Trim()] : [];
        if (file is null) return own;
        string[] read;
        try
        {
            read = [.. File.ReadAllLines(file).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.BadInput, "SV-02", $"--api-key-file {ParScaleException.Quote(file)} cannot be read: {e.Message}", e);
        }
        if (read.Length == 0) throw new ParScaleException(ErrorKind.BadInput, "SV-02", $"--api-key-file {ParScaleException.Quote(file)} has no key in it");
        return [.. own, .. read];
    }
}
