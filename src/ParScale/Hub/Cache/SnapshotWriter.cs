using ParScale.Files;

namespace ParScale.Hub.Cache;

/// <summary>Puts contents under the names that they have at a commit.</summary>
/// <param name="repository">The model.</param>
/// <param name="links">Whether to link to the blobs; else they are moved or copied, as where the system allows no links.</param>
internal sealed class SnapshotWriter(RepositoryFolder repository, bool links)
{
    /// <summary>Whether a file of a commit is there with the right length, by whatever client.</summary>
    public bool Has(string commit, HubFile file) => LengthOf(repository.SnapshotFile(commit, file.Path)) == file.Bytes;

    /// <summary>The length of a file, through links; null when it is not there.</summary>
    public static long? LengthOf(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) file = target;
            return file.Exists ? file.Length : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Gives a blob its name in a snapshot. The caller holds the blob's lock.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file.</param>
    /// <param name="isNew">Whether nothing else can use the blob yet, so that it may be moved where there are no links.</param>
    public void Publish(string commit, HubFile file, bool isNew)
    {
        if (Has(commit, file)) return;
        string path = repository.SnapshotFile(commit, file.Path);
        string folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        File.Delete(path);
        if (links && TryLink(path, Path.GetRelativePath(folder, repository.Blob(file.ETag)))) return;
        if (isNew) File.Move(repository.Blob(file.ETag), path, overwrite: true);
        else DurableFile.Replace(path, stream => Copy(repository.Blob(file.ETag), stream));
    }

    /// <summary>Notes which optional files a commit does not have, so that no client asks for them again. They are notes: a failure is no error.</summary>
    public void NoteAbsent(string commit, IEnumerable<string> names)
    {
        try
        {
            string folder = repository.Absent(commit);
            string[] missing = [.. names.Select(name => Path.Combine(folder, name)).Where(path => !File.Exists(path))];
            if (missing.Length > 0) Directory.CreateDirectory(folder);
            foreach (string path in missing) File.WriteAllBytes(path, []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next fetch asks the hub again.
        }
    }

    /// <summary>Notes which commit a branch or tag stands for, once the commit is complete.</summary>
    public void SetReference(ModelName name, string commit)
    {
        if (name.Revision == commit || repository.Resolve(name) == commit) return;
        string path = repository.Reference(name.Revision);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        DurableFile.ReplaceText(path, commit);
    }

    /// <summary>Marks the folder as a cache, which backups leave out; https://bford.info/cachedir/.</summary>
    public static void TagCache(string cache)
    {
        string tag = Path.Combine(cache, "CACHEDIR.TAG");
        if (File.Exists(tag)) return;
        DurableFile.ReplaceText(tag, "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of models from the Hugging Face hub: https://bford.info/cachedir/\n");
    }

    private static bool TryLink(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            // Windows without the right to make links, or a file system that has none. Where the folder itself may not be written,
            // the move or copy that follows says so.
            return false;
        }
    }

    private static void Copy(string from, FileStream to)
    {
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        source.CopyTo(to, 1 << 20);
    }
}
