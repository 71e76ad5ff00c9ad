namespace ParScale.Cli.Chat;

/// <summary>A command that is typed in a chat.</summary>
/// <param name="Name">Its name, with the slash.</param>
/// <param name="Argument">What follows it; empty when nothing does.</param>
/// <param name="Description">What it does.</param>
internal sealed record SlashCommand(string Name, string Argument, string Description)
{
    /// <summary>All commands, as the help lists them.</summary>
    public static IReadOnlyList<SlashCommand> All { get; } =
    [
        new("/help", "", "Show this list."),
        new("/streams", "[P|auto]", "Run with P streams, one of the resident sets, or with auto those of an anchored or elastic model where its plain model is unsure; without P, list them."),
        new("/system", "[TEXT]", "Set the system message; - takes it away, without TEXT it is shown."),
        new("/think", "[on|off]", "Have the model think before it answers or not, where its template has a switch for it."),
        new("/temp", "[T]", "Set the temperature; 0 always takes the most likely token."),
        new("/top-p", "[P]", "Choose among the most likely tokens that make up this probability; 1 is off."),
        new("/seed", "[N]", "Set the random seed; the same seed gives the same answers."),
        new("/retry", "", "Take the last answer back and draw another one."),
        new("/undo", "", "Take the last question and its answer back."),
        new("/forget", "[N]", "Drop the oldest N turns (default: 1), to make room in the context."),
        new("/clear", "", "Begin anew; the system message stays."),
        new("/save", "FILE", "Write the conversation as JSON."),
        new("/load", "FILE", "Read a conversation in place of this one."),
        new("/stats", "", "Show speed, prompt and cached tokens, and the mean weight of each stream."),
        new("/exit", "", "End the chat, as Ctrl+D does."),
    ];

    /// <summary>What keys do, one line each.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "Ctrl+C stops an answer; a second one at the prompt ends the chat. A backslash at the end of a line, or Alt+Enter, begins another line.",
        "A message that begins with a slash: type two.",
    ];

    /// <summary>Name and argument.</summary>
    public string Usage => Argument.Length == 0 ? Name : $"{Name} {Argument}";

    /// <summary>The name of the only command that begins with what was typed, and a space; null when there is none or several.</summary>
    public static string? Complete(string typed)
    {
        if (typed.Length < 2 || typed[0] != '/') return null;
        string[] names = [.. All.Select(command => command.Name).Where(name => name.StartsWith(typed, StringComparison.Ordinal))];
        return names is [string only] ? $"{only} " : null;
    }
}
