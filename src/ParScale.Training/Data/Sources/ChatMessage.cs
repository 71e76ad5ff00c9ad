namespace ParScale.Training.Data.Sources;

/// <summary>One turn of a chat.</summary>
internal readonly record struct ChatMessage(string Role, string Content);
