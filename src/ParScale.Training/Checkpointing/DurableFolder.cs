using ParScale.Files;

namespace ParScale.Training.Checkpointing;

/// <summary>
/// Folders inside a parent that appear, are replaced and go away as a whole, whatever moment the process or the machine dies in. The
/// order on the disk is: every file, their folder, the rename, the parent.
/// </summary>
internal sealed class DurableFolder(string parent)
{
    private const string Replaced = ".replaced-";
    private const string Removed = ".removed-";

    /// <summary>Makes the folder <paramref name="name"/> by <paramref name="write"/>, which is given a path beside it; an older one is replaced.</summary>
    /// <exception cref="ParScaleException">The disk refused (TR-15); what was there is as it was.</exception>
    public void Replace(string name, Action<string> write)
    {
        string target = Path.Combine(parent, name);
        string fresh = Path.Combine(parent, DurableFile.Unfinished + name);
        string old = Path.Combine(parent, Replaced + name);
        try
        {
            write(fresh);
            DiskFlush.Folder(fresh);
            if (Directory.Exists(target)) Directory.Move(target, old);
            Directory.Move(fresh, target);
            DiskFlush.Folder(parent);
            if (Directory.Exists(old)) Directory.Delete(old, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ParScaleException { Kind: ErrorKind.Io })
        {
            GiveBack(fresh, old, target);
            throw new ParScaleException(ErrorKind.Io, "TR-15", $"{ParScaleException.Quote(name)} cannot be saved ({OneLine(e)}); "
                + "what was saved before is intact: free some space or correct the permissions, then continue with --resume", e);
        }
    }

    /// <summary>Removes a folder: it is gone under its name before the first of its files is.</summary>
    public void Remove(string name)
    {
        string aside = Path.Combine(parent, Removed + name);
        if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
        Directory.Move(Path.Combine(parent, name), aside);
        Directory.Delete(aside, recursive: true);
    }

    /// <summary>Finishes what a kill interrupted: a folder that was moved aside returns if its successor never came.</summary>
    public void CleanUp()
    {
        DurableFile.RemoveUnfinished(parent);
        foreach (string aside in Directory.GetDirectories(parent, Replaced + "*"))
        {
            string target = Path.Combine(parent, Path.GetFileName(aside)[Replaced.Length..]);
            if (Directory.Exists(target)) Directory.Delete(aside, recursive: true);
            else Directory.Move(aside, target);
        }
        foreach (string pattern in (string[])[DurableFile.Unfinished + "*", Removed + "*"])
        {
            foreach (string left in Directory.GetDirectories(parent, pattern)) Directory.Delete(left, recursive: true);
        }
    }

    /// <summary>Frees the space that a failed save took: others may wait for it.</summary>
    private static void GiveBack(string fresh, string old, string target)
    {
        try
        {
            if (Directory.Exists(old) && !Directory.Exists(target)) Directory.Move(old, target);
            if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; the next start cleans up.
        }
    }

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.');
}
