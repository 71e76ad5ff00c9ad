using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.MatMul.Assembly;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>Generated code of float products, written for each format and number of rows when it is first needed.</summary>
internal static unsafe class FloatCode
{
    /// <summary>Fewer rows leave registers unused, and the form in C# is as fast.</summary>
    public const int LeastRows = 3;

    private const int MostRows = 4, MostFetches = 3;

    private static readonly nint[] Published = new nint[2 * (MostRows + 1) * (MostFetches + 1)];
    private static readonly Lock Writing = new();

    /// <summary>Whether the processor needs it and the system allows it.</summary>
    public static bool IsSupported { get; } = Avx2.IsSupported && Fma.IsSupported && !Vector512.IsHardwareAccelerated && AssembledKernel.IsAllowed;

    /// <summary>The code of <see cref="FloatKernelCode.Write"/>.</summary>
    public static nint For(bool packed, int rows, int fetches)
    {
        ref nint place = ref Published[((packed ? MostRows + 1 : 0) + rows) * (MostFetches + 1) + fetches];
        nint code = Volatile.Read(ref place);
        if (code != 0) return code;
        lock (Writing)
        {
            if (place != 0) return place;
            code = (nint)ExecutableMemory.Publish(FloatKernelCode.Write(packed, rows, fetches));
            if (code == 0) throw new InvalidOperationException("the system let this process publish code before and refuses it now");
            Volatile.Write(ref place, code);
            return code;
        }
    }
}
