namespace ParScale;

/// <summary>Opens files of a model folder without trusting what they are or how long they are.</summary>
internal static class InputFile
{
    private const string UnreadableWeights = "ST-29";

    /// <summary>
    /// Checks that <paramref name="path"/> can be opened without blocking and returns the path behind links.
    /// Pipes and devices say they hold 0 bytes, and opening a pipe would wait for a writer: so nothing of 0 bytes is opened.
    /// </summary>
    public static string RequireRegular(string path, string emptyCode, string unreadableCode = UnreadableWeights)
    {
        try
        {
            // A link's own length is the length of its target's name.
            string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            var file = new FileInfo(target);
            if (!Path.Exists(target)) throw Missing(path, unreadableCode);
            if (file.Attributes.HasFlag(FileAttributes.Directory))
                throw ParScaleException.BadInput(unreadableCode, path, "is a folder; expected a file");
            if (file.Length == 0)
                throw ParScaleException.BadInput(emptyCode, path, "holds 0 bytes (empty, or a pipe or device); fetch or write it again");
            return target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e, unreadableCode);
        }
    }

    /// <summary>Reads a whole file of at most <paramref name="limit"/> bytes; nothing is allocated for a longer one.</summary>
    public static byte[] Read(string path, int limit, string emptyCode, string tooLongCode, string unreadableCode = UnreadableWeights)
    {
        string target = RequireRegular(path, emptyCode, unreadableCode);
        try
        {
            using FileStream stream = File.OpenRead(target);
            if (stream.Length > limit)
                throw ParScaleException.BadInput(tooLongCode, path, $"is {stream.Length} bytes; at most {limit} are read");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e, unreadableCode);
        }
    }

    /// <summary>The error for a file that is there but that the system will not let us read.</summary>
    public static ParScaleException Unreadable(string path, Exception reason, string code = UnreadableWeights) => reason switch
    {
        FileNotFoundException or DirectoryNotFoundException => Missing(path, code),
        UnauthorizedAccessException => ParScaleException.BadInput(
            code, path, "may not be read by this user; change the permissions of the file and its folders", reason),
        _ => ParScaleException.BadInput(code, path, "cannot be read; check the disk, and that no link leads back to itself", reason),
    };

    private static ParScaleException Missing(string path, string code) =>
        ParScaleException.BadInput(code, path, "is missing; fetch it into the model's folder");
}
