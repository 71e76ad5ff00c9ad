namespace ParScale.ScalingLaws.Plan;

/// <summary>What a plan may limit.</summary>
public enum PlanLimit
{
    /// <summary>Bytes at full context.</summary>
    Memory,

    /// <summary>Seconds of a decode step at full context.</summary>
    Decode,

    /// <summary>Seconds until the prompt is read.</summary>
    Prefill,
}
