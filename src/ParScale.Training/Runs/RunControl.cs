namespace ParScale.Training.Runs;

/// <summary>What a run does with its folder, without any effect on what it computes.</summary>
/// <param name="Resume">Go on from the newest checkpoint.</param>
/// <param name="AllowChanged">Go on although data, seed, batch or another option is not the one of the checkpoint.</param>
/// <param name="Keep">Newest checkpoints that stay, 1 or more.</param>
internal sealed record RunControl(bool Resume = false, bool AllowChanged = false, int Keep = RunControl.DefaultKeep)
{
    public const int DefaultKeep = 2;

    /// <exception cref="ParScaleException">A number is out of range (<see cref="ErrorKind.Usage"/>).</exception>
    public void Validate()
    {
        if (Keep < 1) throw ParScaleException.Usage("TR-10", "--keep must be 1 or more");
    }
}
