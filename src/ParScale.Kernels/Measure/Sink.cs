using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Measure;

/// <summary>Takes results that nobody needs, so that the work which led to them is not optimised away.</summary>
internal static class Sink
{
    private static double s_last;

    /// <summary>Keeps <paramref name="value"/> alive.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Take(double value) => Volatile.Write(ref s_last, value);
}
