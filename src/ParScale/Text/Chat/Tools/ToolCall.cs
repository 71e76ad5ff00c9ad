namespace ParScale.Text.Chat.Tools;

/// <summary>A call of a tool that a model has written.</summary>
/// <param name="Id">A new name for the call, by which its result is told: nine letters and digits, as the templates of Mistral demand.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object, as the model wrote it.</param>
public sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>What a piece of an answer is when calls are taken out of it.</summary>
/// <param name="Content">Text outside calls; often empty.</param>
/// <param name="Calls">Calls that ended with the piece.</param>
public sealed record ParsedAnswer(string Content, IReadOnlyList<ToolCall> Calls);
