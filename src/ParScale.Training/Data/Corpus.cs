using System.Text;

namespace ParScale.Training.Data;

/// <summary>The text of a run, split in characters before any tokenizing.</summary>
internal sealed record Corpus(string Training, string Validation)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a UTF-8 text file whole.</summary>
    /// <exception cref="ParScaleException">The file is missing, empty or not UTF-8.</exception>
    public static string Read(string path)
    {
        if (!File.Exists(path)) throw ParScaleException.BadInput("TR-01", path, "is not there; give a UTF-8 text file with --data");
        try
        {
            string text = Strict.GetString(File.ReadAllBytes(path)).TrimStart('\uFEFF');
            if (string.IsNullOrWhiteSpace(text)) throw ParScaleException.BadInput("TR-02", path, "holds no text; give a UTF-8 text file with --data");
            return text;
        }
        catch (DecoderFallbackException e)
        {
            throw ParScaleException.BadInput("TR-03", path, $"is not UTF-8 (byte {e.Index}); convert it to UTF-8", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "TR-04", $"{Path.GetFileName(path)}: cannot be read; check its permissions", e);
        }
    }

    /// <summary>The last <paramref name="validationFraction"/> of the characters is kept for validation.</summary>
    public static Corpus Split(string text, double validationFraction)
    {
        int cut = text.Length - (int)Math.Round(text.Length * validationFraction);
        if (cut > 0 && cut < text.Length && char.IsLowSurrogate(text[cut])) cut--;
        return new Corpus(text[..cut], text[cut..]);
    }
}
