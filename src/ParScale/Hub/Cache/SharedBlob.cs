using System.Runtime.InteropServices;
using System.Text;

namespace ParScale.Hub.Cache;

/// <summary>
/// Contents that several models have, such as the weights of a fork: where one of them is here, it is not fetched again. Both names then
/// mean one file on the disk, as far as the file system allows; removing one leaves the other.
/// </summary>
internal static class SharedBlob
{
    private const int Sha256Digits = 64;
    private const int BufferBytes = 1 << 20;

    /// <summary>The same content in the cache of another model, by its SHA-256 and length; null when there is none.</summary>
    public static string? Find(string cache, string id, HubFile file)
    {
        // Files that are named by less are small.
        if (file.ETag.Length != Sha256Digits || file.ETag != file.Hash) return null;
        return RepositoryFolder.In(cache).Where(other => other.Id != id).Select(other => other.Blob(file.ETag))
            .FirstOrDefault(blob => SnapshotWriter.LengthOf(blob) == file.Bytes);
    }

    /// <summary>Gives a content that was found a second name, once its bytes have their hash; false when they have not, or the file system refuses.</summary>
    public static bool TryTake(string found, string blob, HubFile file, CancellationToken cancellation)
    {
        try
        {
            if (!HasHash(found, file, cancellation)) return false;
            Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
            File.Delete(blob);
            return Link(found, blob);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Other clients name contents without a look at their bytes.
    private static bool HasHash(string path, HubFile file, CancellationToken cancellation)
    {
        using var hash = new ContentHash(file.Hash, file.Bytes);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        byte[] buffer = new byte[BufferBytes];
        for (int read; (read = stream.Read(buffer)) > 0; hash.Append(buffer.AsSpan(0, read))) cancellation.ThrowIfCancellationRequested();
        return hash.Matches();
    }

    private static bool Link(string from, string to) => OperatingSystem.IsWindows()
        ? CreateHardLink(to, from, 0)
        : HardLink(Encoding.UTF8.GetBytes(from + "\0"), Encoding.UTF8.GetBytes(to + "\0")) == 0;

    [DllImport("libc", EntryPoint = "link", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int HardLink(byte[] from, byte[] to);

    [DllImport("kernel32", EntryPoint = "CreateHardLinkW", ExactSpelling = true, CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CreateHardLink(string to, string from, nint security);
}
