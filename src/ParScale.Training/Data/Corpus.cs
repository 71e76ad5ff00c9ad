using System.Text;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Data;

/// <summary>The text of a run, split in characters before any tokenizing.</summary>
internal sealed record Corpus(string Training, string Validation)
{
    private const int LongestLine = 64 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a UTF-8 text file whole.</summary>
    /// <exception cref="ParScaleException">The file is missing, empty or not UTF-8, or a line of it is over 64 MiB (TD-05).</exception>
    public static string Read(string path)
    {
        if (Directory.Exists(path)) throw ParScaleException.BadInput("TR-01", path, "is a folder; give a UTF-8 text file with --data");
        if (!File.Exists(path)) throw ParScaleException.BadInput("TR-01", path, "is not there; give a UTF-8 text file with --data");
        if (Compression.IsPacked(path)) throw ParScaleException.BadInput("TR-03", path, "is compressed; unpack it, or make shards of it with parscale-train data");
        byte[] bytes = [];
        try
        {
            RequireLines(path);
            bytes = File.ReadAllBytes(path);
            string text = Strict.GetString(bytes).TrimStart('\uFEFF');
            if (string.IsNullOrWhiteSpace(text)) throw ParScaleException.BadInput("TR-02", path, "holds no text; give a UTF-8 text file with --data");
            return text;
        }
        catch (DecoderFallbackException e)
        {
            throw ParScaleException.BadInput("TR-03", path, $"line {LineOf(bytes, e.Index)}: is not UTF-8 (byte {e.Index}); convert it to UTF-8", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "TR-04", $"{Path.GetFileName(path)}: cannot be read; check its permissions", e);
        }
    }

    /// <summary>A line that no writer of text would make is no text: it is refused before any of it is held.</summary>
    private static void RequireLines(string path)
    {
        if (new FileInfo(path).Length <= LongestLine) return;
        using FileStream stream = File.OpenRead(path);
        byte[] block = new byte[1 << 20];
        (long line, long length) = (1, 0);
        for (int count; (count = stream.Read(block)) > 0;)
        {
            foreach (byte value in block.AsSpan(0, count))
            {
                (line, length) = value == '\n' ? (line + 1, 0) : (line, length + 1);
                if (length > LongestLine)
                    throw ParScaleException.BadInput("TD-05", path, $"line {line}: is over 64 MiB, the most that one line may have; break it into lines");
            }
        }
    }

    private static int LineOf(ReadOnlySpan<byte> bytes, int at) => bytes[..at].Count((byte)'\n') + 1;

    /// <summary>The last <paramref name="validationFraction"/> of the characters is kept for validation.</summary>
    public static Corpus Split(string text, double validationFraction)
    {
        int cut = text.Length - (int)Math.Round(text.Length * validationFraction);
        if (cut > 0 && cut < text.Length && char.IsLowSurrogate(text[cut])) cut--;
        return new Corpus(text[..cut], text[cut..]);
    }
}
