namespace ParScale.Training.Data.Sources;

/// <summary>The fields of a row to a document.</summary>
internal static class Rows
{
    /// <summary>A text, learned whole.</summary>
    /// <exception cref="ParScaleException">It is empty.</exception>
    public static Document Text(string text, RowFault place) =>
        string.IsNullOrWhiteSpace(text) ? throw place.Empty("the text") : new Document([new Segment(text, true)]);

    /// <summary>A prompt, which is only read, and its completion, which is learned.</summary>
    /// <exception cref="ParScaleException">There is nothing to learn.</exception>
    public static Document Pair(string prompt, string completion, RowFault place) => completion.Length == 0
        ? throw place.Empty("the completion")
        : new Document([new Segment(prompt, false), new Segment(completion, true)]);

    /// <summary>What a row or table without any of the known names is told.</summary>
    public static string Missing(string what, FieldNames fields) =>
        $"has no {what} {ParScaleException.Quote(fields.Text)}, {ParScaleException.Quote(fields.Messages)}, or "
        + $"{ParScaleException.Quote(fields.Prompt)} and {ParScaleException.Quote(fields.Completion)} (--text-field and the like name others)";
}
