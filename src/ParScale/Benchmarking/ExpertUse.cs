namespace ParScale.Benchmarking;

/// <summary>Which experts the decode steps of a row read, measured.</summary>
/// <param name="Steps">Steps counted.</param>
/// <param name="Layers">Layers with experts in all of them.</param>
/// <param name="Experts">Experts that were read, each once for a layer and step.</param>
/// <param name="Bytes">Bytes of their weights.</param>
internal readonly record struct ExpertUse(long Steps, long Layers, long Experts, long Bytes)
{
    /// <summary>Mean number of different experts of a layer that a step reads; 0 for a model without.</summary>
    public double PerLayer => Layers == 0 ? 0 : (double)Experts / Layers;

    /// <summary>Mean bytes of experts that a step reads.</summary>
    public long StepBytes => Steps == 0 ? 0 : Bytes / Steps;
}
