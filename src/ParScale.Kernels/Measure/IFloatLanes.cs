namespace ParScale.Kernels.Measure;

/// <summary>The widths in which float multiply-adds are measured.</summary>
internal interface IFloatLanes<TVector> where TVector : struct
{
    /// <summary>Numbers in a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>The same number in every lane.</summary>
    static abstract TVector Create(float value);

    /// <summary>a * b + c.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);
}
