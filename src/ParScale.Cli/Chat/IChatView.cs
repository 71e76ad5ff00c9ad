namespace ParScale.Cli.Chat;

/// <summary>What a chat looks like.</summary>
internal interface IChatView
{
    /// <summary>Greets: which model it is and how it runs.</summary>
    void Open(ChatSession session);

    /// <summary>A question is being read; its answer follows.</summary>
    void Wait();

    /// <summary>Shows a piece of an answer.</summary>
    void Show(string text, bool thinking);

    /// <summary>Ends an answer, with its figures.</summary>
    void EndAnswer(ChatAnswer answer);

    /// <summary>Says something in a line.</summary>
    void Note(string text);

    /// <summary>Says what went wrong, in a line.</summary>
    void Problem(string text);

    /// <summary>Shows all commands.</summary>
    void Help();

    /// <summary>Shows the figures of the last answer and of the conversation.</summary>
    void Stats(ChatSession session);
}
