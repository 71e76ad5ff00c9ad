using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Measure;

/// <summary>Takes results that nobody needs, so that the work which led to them is not optimised away.</summary>
internal static class Sink
{
    /// <summary>Does nothing with the value, which the compiler cannot know.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Take<T>(T value) => _ = value;
}
