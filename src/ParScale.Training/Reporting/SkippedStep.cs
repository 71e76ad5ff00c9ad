namespace ParScale.Training.Reporting;

/// <summary>
/// A line of <c>skipped.jsonl</c>: step <paramref name="Step"/> (from 1) changed nothing, since its loss or gradient was not finite.
/// Its batch was rows <paramref name="FirstRow"/> to <paramref name="LastRow"/> of the data's order, counted from 0 over all epochs.
/// </summary>
internal sealed record SkippedStep(long Step, string Loss, string GradientNorm, long FirstRow, long LastRow, int InARow)
{
    public SkippedStep(long step, double loss, double gradientNorm, int rows, int inARow)
        : this(step, FormattableString.Invariant($"{loss}"), FormattableString.Invariant($"{gradientNorm}"), (step - 1) * rows, step * rows - 1, inARow)
    {
    }

    /// <summary>One line for the console.</summary>
    public override string ToString() =>
        $"step {Step} skipped: its loss is {Loss}, the norm of its gradient {GradientNorm}; rows {FirstRow} to {LastRow}; {InARow} in a row";
}
