namespace ParScale.Generation;

/// <summary>By what a <see cref="StreamGate"/> decides that a token needs all streams.</summary>
public enum GateScore
{
    /// <summary>The entropy of the plain model's prediction, nats.</summary>
    Entropy,

    /// <summary>The gain of all streams, nats, that the model's router expects of that prediction.</summary>
    Router,
}
