namespace ParScale.Training.Distributed;

/// <summary>The console of one of several processes: only the first of them speaks, unless another one alone has failed.</summary>
internal static class RankConsole
{
    /// <summary>How long the others leave it to the first to tell of an error, which is mostly that of all; it then ends them.</summary>
    private static readonly TimeSpan FirstSpeaks = TimeSpan.FromSeconds(10);

    /// <summary>Silences this process unless it is the first.</summary>
    public static void Silence()
    {
        if (MpiLaunch.Rank == 0) return;
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
    }

    /// <summary>Writes what ended this process, and ends the others with <paramref name="exitCode"/>; returns that for a process on its own.</summary>
    public static int Fail(int exitCode, string error)
    {
        if (MpiLaunch.Rank > 0)
        {
            Thread.Sleep(FirstSpeaks);
            using var console = new StreamWriter(Console.OpenStandardError());
            console.Write($"process {MpiLaunch.Rank} of the run: {error}");
        }
        else
        {
            Console.Error.Write(error);
        }
        ProcessGroup.Joined.Abort(exitCode);
        return exitCode;
    }
}
