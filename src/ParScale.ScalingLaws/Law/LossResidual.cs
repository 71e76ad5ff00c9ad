namespace ParScale.ScalingLaws.Law;

/// <summary>A point and what a law makes of it.</summary>
/// <param name="Point">The point.</param>
/// <param name="Predicted">The law's loss, nats per token.</param>
public readonly record struct LossResidual(LossPoint Point, double Predicted)
{
    /// <summary>Predicted less given loss, nats per token.</summary>
    public double Error => Predicted - Point.Loss;
}
