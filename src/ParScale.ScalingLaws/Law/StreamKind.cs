namespace ParScale.ScalingLaws.Law;

/// <summary>What the streams of models in a table are. What a stream is worth differs between kinds, so each has a law of its own.</summary>
public enum StreamKind
{
    /// <summary>Trained for one P.</summary>
    Ordinary,

    /// <summary>One model trained for several P at once; its losses of each P are points.</summary>
    Elastic,

    /// <summary>Helpers of an anchor, which keep no keys and values.</summary>
    Anchored,
}
