namespace ParScale.ScalingLaws.Law;

/// <summary>Losses from which no law can be fitted. The message is one line: where in the text, what is wrong, what to do.</summary>
public sealed class LossTableException : FormatException
{
    internal LossTableException(string code, string message, int? line = null)
        : base(line is null ? message : FormattableString.Invariant($"line {line}: {message}"))
    {
        Code = code;
        Line = line;
    }

    /// <summary>A stable id from <c>docs/guides/errors.md</c>, such as <c>LW-03</c>.</summary>
    public string Code { get; }

    /// <summary>Line of the text, counted from 1; null when no single line is at fault.</summary>
    public int? Line { get; }
}
