namespace ParScale.Files;

/// <summary>Opens files of a model folder without trusting what they are or how long they are.</summary>
internal static class InputFile
{
    private const string UnreadableWeights = "ST-29";

    /// <summary>
    /// Opens a regular file for reading, through links as the system follows them. What was opened is looked at, not what stood at the
    /// path before: pipes and devices cannot be searched or hold 0 bytes.
    /// </summary>
    /// <exception cref="ParScaleException">It is empty, a pipe or a device (<paramref name="emptyCode"/>), or cannot be opened (<paramref name="unreadableCode"/>).</exception>
    public static FileStream Open(string path, string emptyCode, string unreadableCode = UnreadableWeights)
    {
        try
        {
            path = SystemPath.WithoutDots(path);
            if (Directory.Exists(path)) throw ParScaleException.BadInput(unreadableCode, path, "is a folder; expected a file");
            FileStream stream = UnwaitingOpen.Read(path);
            if (stream.CanSeek && stream.Length > 0) return stream;
            stream.Dispose();
            throw ParScaleException.BadInput(emptyCode, path, "holds 0 bytes (empty, or a pipe or device); fetch or write it again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e, unreadableCode);
        }
    }

    /// <summary>Whether a file, a folder or a link stands at a path.</summary>
    /// <exception cref="ParScaleException">The system does not let us look (<paramref name="unreadableCode"/>).</exception>
    public static bool IsThere(string path, string unreadableCode)
    {
        try
        {
            File.GetAttributes(path);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e, unreadableCode);
        }
    }

    /// <summary>Reads a whole file of at most <paramref name="limit"/> bytes; nothing is allocated for a longer one.</summary>
    public static byte[] Read(string path, int limit, string emptyCode, string tooLongCode, string unreadableCode = UnreadableWeights)
    {
        using FileStream stream = Open(path, emptyCode, unreadableCode);
        try
        {
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
        // Only a link is there when what it leads to is not.
        FileNotFoundException or DirectoryNotFoundException => ParScaleException.BadInput(code, path, Path.Exists(path)
            ? "is a link, and what it leads to is not there; fetch the file, or link to where it is"
            : "is missing; fetch it, or correct the path", reason),
        UnauthorizedAccessException => ParScaleException.BadInput(
            code, path, "may not be read by this user; change the permissions of the file and its folders", reason),
        _ => ParScaleException.BadInput(
            code, path, "cannot be read; check the disk, that it is a regular file, and that no link leads back to itself", reason),
    };
}
