namespace ParScale.Kernels.Tests.Support;

internal static class Lengths
{
    /// <summary>Lengths around every vector width and its double, and a few long ones.</summary>
    public static TheoryData<int> Around => [.. Enumerable.Range(1, 40), 47, 48, 49, 63, 64, 65, 95, 96, 97, 127, 128, 129, 255, 257, 1000];
}
