namespace ParScale.Training.Data.Rows;

/// <summary>
/// The names of the fields of a row or the columns of a table. A row with messages is a chat; else one with prompt and completion is
/// such a pair; else its text counts. A field that is null is absent.
/// </summary>
internal sealed record FieldNames(string Text = "text", string Prompt = "prompt", string Completion = "completion", string Messages = "messages")
{
    /// <summary>Whether a field of that name is read as what a document is made of.</summary>
    public bool Contains(string name) => name == Text || name == Prompt || name == Completion || name == Messages;
}
