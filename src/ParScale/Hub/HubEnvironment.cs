using System.Globalization;

namespace ParScale.Hub;

/// <summary>The environment variables of Python's <c>huggingface_hub</c>, read as it reads them.</summary>
/// <param name="variable">Gives the value of a variable, or null.</param>
internal sealed class HubEnvironment(Func<string, string?> variable)
{
    private const string DefaultEndpoint = "https://huggingface.co";
    private static readonly TimeSpan DefaultAnswerTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DefaultDownloadTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The variables of this process.</summary>
    public static HubEnvironment OfProcess { get; } = new(Environment.GetEnvironmentVariable);

    public string CacheFolder =>
        Expand(Get("HF_HUB_CACHE") ?? Get("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(Home, "hub"));

    public bool Offline => IsTrue(Get("HF_HUB_OFFLINE") ?? Get("TRANSFORMERS_OFFLINE"));

    public bool DisableLinks => IsTrue(Get("HF_HUB_DISABLE_SYMLINKS"));

    public bool DisableImplicitToken => IsTrue(Get("HF_HUB_DISABLE_IMPLICIT_TOKEN"));

    /// <exception cref="ParScaleException">It is no URL (HB-23).</exception>
    public Uri Endpoint => ParseEndpoint(Get("HF_ENDPOINT") ?? DefaultEndpoint);

    public TimeSpan AnswerTimeout => Seconds("HF_HUB_ETAG_TIMEOUT") ?? DefaultAnswerTimeout;

    public TimeSpan DownloadTimeout => Seconds("HF_HUB_DOWNLOAD_TIMEOUT") ?? DefaultDownloadTimeout;

    private string Home => Expand(Get("HF_HOME") ?? Path.Combine(Get("XDG_CACHE_HOME") ?? Path.Combine(UserHome, ".cache"), "huggingface"));

    private static string UserHome => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);

    /// <summary>The token that is sent without being given by code, and where it comes from.</summary>
    /// <exception cref="ParScaleException">It cannot be one: it holds blanks or other than ASCII characters (HB-23).</exception>
    public string? Token()
    {
        if (DisableImplicitToken) return null;
        foreach (string name in (string[])["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
            if (Clean(Get(name), name) is { } token) return token;
        string file = Expand(Get("HF_TOKEN_PATH") ?? Path.Combine(Home, "token"));
        try
        {
            return File.Exists(file) ? Clean(File.ReadAllText(file), $"the file {ParScaleException.Quote(file)}") : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A token of somebody else; public models need none, and for others the hub says so.
            return null;
        }
    }

    /// <summary>Checks a token without ever showing it.</summary>
    /// <exception cref="ParScaleException">It holds blanks or other than ASCII characters (HB-23).</exception>
    public static string? Clean(string? token, string source)
    {
        token = token?.Trim();
        if (string.IsNullOrEmpty(token)) return null;
        return token.All(c => c is > ' ' and <= '~')
            ? token
            : throw ParScaleException.Usage("HB-23", $"{source} holds no access token: a token has no blanks and only ASCII characters");
    }

    /// <summary>Reads the address of a hub.</summary>
    /// <exception cref="ParScaleException">It is no URL with http or https, or has a user or a query in it (HB-23).</exception>
    public static Uri ParseEndpoint(string text)
    {
        bool isHub = Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "https" or "http"
            && endpoint is { UserInfo: "", Query: "", Fragment: "" };
        return isHub ? endpoint! : throw ParScaleException.Usage("HB-23", $"HF_ENDPOINT {ParScaleException.Quote(text)} is not the address of a hub; expected {DefaultEndpoint}");
    }

    private TimeSpan? Seconds(string name)
    {
        const double mostSeconds = 86400;
        if (Get(name) is not { } text) return null;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is > 0 and <= mostSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw ParScaleException.Usage("HB-23", $"{name} is {ParScaleException.Quote(text)}; expected a number of seconds above 0");
    }

    private string? Get(string name) => variable(name) is { Length: > 0 } value ? value : null;

    private static bool IsTrue(string? value) => value?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    // "~" and $NAME or ${NAME}; what is not set stays as it is written.
    private string Expand(string path)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal)) path = UserHome + path[1..];
        for (int start = path.IndexOf('$', StringComparison.Ordinal); start >= 0; start = start + 1 < path.Length ? path.IndexOf('$', start + 1) : -1)
        {
            int end = start + 1;
            bool braces = end < path.Length && path[end] == '{';
            if (braces) end = path.IndexOf('}', end);
            else while (end < path.Length && (char.IsAsciiLetterOrDigit(path[end]) || path[end] == '_')) end++;
            if (end < 0 || Get(braces ? path[(start + 2)..end] : path[(start + 1)..end]) is not { } value) continue;
            path = path[..start] + value + path[(braces ? end + 1 : end)..];
            start += value.Length - 1;
        }
        return path;
    }
}
