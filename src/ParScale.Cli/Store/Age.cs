using System.Globalization;

namespace ParScale.Cli.Store;

/// <summary>Times as people tell them: how long ago.</summary>
internal static class Age
{
    private static readonly (double Seconds, string Unit)[] Units =
        [(86400 * 365.25, "year"), (86400 * 30.44, "month"), (86400, "day"), (3600, "hour"), (60, "minute")];

    /// <summary>Such as <c>2 hours ago</c>; a time to come is now, since clocks differ.</summary>
    public static string Of(DateTimeOffset time, DateTimeOffset now)
    {
        double seconds = (now - time).TotalSeconds;
        foreach ((double unit, string name) in Units)
        {
            int count = (int)(seconds / unit);
            if (count >= 1) return string.Create(CultureInfo.InvariantCulture, $"{count} {name}{(count == 1 ? "" : "s")} ago");
        }
        return "just now";
    }
}
