namespace ParScale.Training.Data.Sources;

/// <summary>
/// The names of the fields of a row or the columns of a table. A row with messages is a chat; else one with prompt and completion is
/// such a pair; else its text counts.
/// </summary>
internal sealed record FieldNames(string Text = "text", string Prompt = "prompt", string Completion = "completion", string Messages = "messages");
