namespace ParScale;

/// <summary>The small models that travel with the library, each one checkpoint that was trained to run with 1, 2 or 4 streams.</summary>
public static class EmbeddedModel
{
    /// <summary>The folder, beside the program, of the model that continues text in the manner of Shakespeare's plays.</summary>
    /// <exception cref="ParScaleException">It is not there (EM-01).</exception>
    public static string Folder() => Find("shakespeare");

    /// <summary>
    /// The folder, beside the program, of the model that answers messages: which of seven numbers are part of three that add up to a multiple
    /// of 16. Its <c>questions.jsonl</c> has questions that it was not trained on, with their answers.
    /// </summary>
    /// <exception cref="ParScaleException">It is not there (EM-01).</exception>
    public static string ChatFolder() => Find("sum3");

    private static string Find(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "models", name);
        return Directory.Exists(folder) ? folder
            : throw ParScaleException.BadInput("EM-01", folder, "the embedded model is missing beside the program; build it again or give a folder");
    }
}
