namespace ParScale;

/// <summary>The small model that travels with the library: one checkpoint, trained to run with 1, 2 or 4 streams.</summary>
public static class EmbeddedModel
{
    /// <summary>Its folder beside the program.</summary>
    /// <exception cref="ParScaleException">It is not there (EM-01).</exception>
    public static string Folder()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "models", "shakespeare");
        return Directory.Exists(folder) ? folder
            : throw ParScaleException.BadInput("EM-01", folder, "the embedded model is missing beside the program; build it again or give a folder");
    }
}
