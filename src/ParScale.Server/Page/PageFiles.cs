using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;

namespace ParScale.Server.Page;

/// <summary>A file of the page.</summary>
/// <param name="Body">Its bytes.</param>
/// <param name="Type">Its media type.</param>
/// <param name="ETag">A word that changes with the bytes.</param>
internal sealed record PageFile(byte[] Body, string Type, string ETag);

/// <summary>The files of the page. They are part of the assembly, so that nothing has to be found beside it.</summary>
internal static class PageFiles
{
    private const string Prefix = "page/";

    /// <summary>The file that <c>/</c> shows.</summary>
    public static PageFile Index => All["index.html"];

    /// <summary>All files by name.</summary>
    public static FrozenDictionary<string, PageFile> All { get; } = Read();

    private static FrozenDictionary<string, PageFile> Read()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(
            name => name[Prefix.Length..].Replace('\\', '/'), name => Read(assembly, name));
    }

    private static PageFile Read(Assembly assembly, string name)
    {
        using Stream resource = assembly.GetManifestResourceStream(name)!;
        var body = new byte[resource.Length];
        resource.ReadExactly(body);
        return new PageFile(body, TypeOf(name), $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 12))}\"");
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"{name} has no media type"),
    };
}
