using System.Security.Cryptography;
using System.Text;

namespace ParScale.TestSupport;

/// <summary>Puts a folder into a hub cache as a fetch does: blobs named by their hashes, a snapshot of links to them, a branch.</summary>
public static class CachedModel
{
    /// <summary>Writes one snapshot; returns its folder.</summary>
    /// <param name="cache">The folder of the cache.</param>
    /// <param name="name"><c>org/name</c>.</param>
    /// <param name="from">The files.</param>
    /// <param name="commit">40 hexadecimal digits.</param>
    /// <param name="branch">Stands for the commit.</param>
    public static string Write(string cache, string name, string from, string commit, string branch = "main")
    {
        string model = Path.Combine(cache, $"models--{name.Replace("/", "--", StringComparison.Ordinal)}");
        string snapshot = Path.Combine(model, "snapshots", commit), blobs = Path.Combine(model, "blobs");
        foreach (string folder in (string[])[snapshot, blobs, Path.Combine(model, "refs")]) Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(from))
        {
            byte[] bytes = File.ReadAllBytes(file);
            string blob = file.EndsWith(".safetensors", StringComparison.Ordinal) ? Convert.ToHexStringLower(SHA256.HashData(bytes)) : GitHash(bytes);
            if (!File.Exists(Path.Combine(blobs, blob))) File.WriteAllBytes(Path.Combine(blobs, blob), bytes);
            File.CreateSymbolicLink(Path.Combine(snapshot, Path.GetFileName(file)), Path.Combine("..", "..", "blobs", blob));
        }
        File.WriteAllText(Path.Combine(model, "refs", branch), commit);
        return snapshot;
    }

    // What git, and with it the hub, names small files by.
    private static string GitHash(byte[] bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {bytes.Length}\0"));
        hash.AppendData(bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
