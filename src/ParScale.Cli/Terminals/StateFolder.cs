namespace ParScale.Cli.Terminals;

/// <summary>Where the tool keeps what it remembers between two runs.</summary>
internal static class StateFolder
{
    /// <summary>
    /// <c>$XDG_STATE_HOME/parscale</c>, else <c>~/.local/state/parscale</c>; on Windows in the local application data. Null for a user
    /// without a home. The folder may not exist yet.
    /// </summary>
    public static string? OfUser()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state) || !Path.IsPathRooted(state))
        {
            bool windows = OperatingSystem.IsWindows();
            string home = Environment.GetFolderPath(
                windows ? Environment.SpecialFolder.LocalApplicationData : Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
            if (home.Length == 0) return null;
            state = windows ? home : Path.Combine(home, ".local", "state");
        }
        return Path.Combine(state, "parscale");
    }
}
