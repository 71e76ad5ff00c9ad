using System.CommandLine;

namespace ParScale.Cli.Chat;

/// <summary><c>--think</c>: whether a model thinks before it answers.</summary>
internal static class ThinkOption
{
    /// <summary>The option.</summary>
    public static Option<string?> Create() => new("--think")
    {
        Description = "Have the model think before it answers or not, where its template has a switch for it (default: as the template has it).",
        HelpName = "on|off",
    };

    /// <summary>Reads the word.</summary>
    /// <exception cref="ParScaleException">It is neither on nor off.</exception>
    public static bool Read(string word, string option) => word switch
    {
        "on" => true,
        "off" => false,
        _ => throw ParScaleException.Usage("CL-02", $"{option} needs on or off, not {ParScaleException.Quote(word)}"),
    };
}
