using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Assembly;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// Arm's 8-bit matrix products (i8mm), for which .NET has no intrinsic, in generated machine code. One row fills half of a pair and would gain
/// nothing: <paramref name="oneRow"/> takes it, whose layout of one row is the same.
/// </summary>
/// <param name="oneRow">A kernel for one row of plain bytes.</param>
/// <param name="interpreter">Runs code with the address of its argument in place of the processor; for tests on others than Arm.</param>
internal sealed unsafe partial class ArmMatrixKernel(IQuantizedKernel oneRow, Action<byte[], nint>? interpreter = null) : IQuantizedKernel
{
    private const int HardwareCapabilities2 = 26, I8mmCapability = 1 << 13;
    private const int WindowsI8mm = 66;

    private readonly PublishedCode _code = new(Enum.GetValues<WeightDtype>().Length * QuantizedActivations.BlockRows);

    public string Name => "i8mm";

    /// <summary>Whether the processor has these instructions and the system says so.</summary>
    public static bool HasInstructions { get; } = Dp.IsSupported && SystemHasI8mm();

    /// <summary>Whether that can be used.</summary>
    public static bool IsSupported => HasInstructions && AssembledKernel.IsAllowed;

    public ActivationLayout Layout(WeightDtype type) => ActivationLayout.RowPairs;

    public void Run(WeightDtype type, QuantizedMatMulArgs* args, int rows)
    {
        if (rows == 1)
        {
            oneRow.Run(type, args, rows);
            return;
        }
        if (interpreter != null)
        {
            interpreter(MatrixKernelCode.Write(type, rows), (nint)args);
            return;
        }
        nint code = _code.Get(
            (int)type * QuantizedActivations.BlockRows + rows - 1, (type, rows), static what => MatrixKernelCode.Write(what.type, what.rows));
        ((delegate* unmanaged[Cdecl]<QuantizedMatMulArgs*, void>)code)(args);
    }

    private static bool SystemHasI8mm()
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsAndroid()) return ((long)GetAuxiliaryValue(HardwareCapabilities2) & I8mmCapability) != 0;
        if (OperatingSystem.IsWindows()) return IsProcessorFeaturePresent(WindowsI8mm) != 0;
        if (!OperatingSystem.IsMacOS()) return false;
        int has = 0;
        nint length = sizeof(int);
        return GetSystemValue("hw.optional.arm.FEAT_I8MM", &has, &length, null, 0) == 0 && has != 0;
    }

    [LibraryImport("libc", EntryPoint = "getauxval")]
    private static partial nuint GetAuxiliaryValue(nuint type);

    [LibraryImport("libc", EntryPoint = "sysctlbyname", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetSystemValue(string name, void* value, nint* length, void* newValue, nint newLength);

    [LibraryImport("kernel32")]
    private static partial int IsProcessorFeaturePresent(int feature);
}
