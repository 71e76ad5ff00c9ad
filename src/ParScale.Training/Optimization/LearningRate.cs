namespace ParScale.Training.Optimization;

/// <summary>Linear warm-up to <paramref name="Peak"/>, then half a cosine down to <paramref name="Floor"/> at the last step.</summary>
internal sealed record LearningRate(double Peak, double Floor, long WarmupSteps, long Steps)
{
    /// <summary>The rate of step <paramref name="step"/>, counted from 0.</summary>
    public double At(long step)
    {
        if (step < WarmupSteps) return Peak * (step + 1) / WarmupSteps;
        double progress = (double)(step - WarmupSteps) / Math.Max(1, Steps - 1 - WarmupSteps);
        return Floor + 0.5 * (Peak - Floor) * (1 + Math.Cos(Math.PI * Math.Min(1, progress)));
    }
}
