using System.Reflection;
using System.Runtime.InteropServices;

namespace ParScale.Training.Distributed;

/// <summary>
/// The calls of Open MPI's C library that training needs. Its handles are addresses of exported variables. A call that fails
/// ends the job by itself; one that returns something else than 0 is a mistake of ours.
/// </summary>
internal static class OpenMpi
{
    /// <summary>MPI_THREAD_SERIALIZED: any thread may call, one at a time.</summary>
    public const int Serialized = 2;

    private const string Library = "mpi";

    private static readonly string[] Names = ["libmpi.so.40", "libmpi.so", "libmpi.40.dylib", "libmpi.dylib"];
    private static IntPtr _library;

    /// <summary>MPI_IN_PLACE: the result replaces what is sent.</summary>
    public static IntPtr InPlace { get; } = 1;

    public static IntPtr World { get; private set; }

    public static IntPtr Sum { get; private set; }

    public static IntPtr Float { get; private set; }

    public static IntPtr Double { get; private set; }

    public static IntPtr Byte { get; private set; }

    /// <summary>Loads the library, once.</summary>
    /// <exception cref="ParScaleException">It is not there, or is another MPI than Open MPI.</exception>
    public static void Load()
    {
        if (_library != IntPtr.Zero) return;
        IntPtr library = IntPtr.Zero;
        if (!Names.Any(name => NativeLibrary.TryLoad(name, out library)))
        {
            throw new ParScaleException(ErrorKind.Io, "MP-01",
                "mpirun started several processes, but libmpi.so.40 cannot be loaded; run scripts/install-openmpi.sh, or start one without mpirun");
        }
        World = Handle(library, "ompi_mpi_comm_world");
        Sum = Handle(library, "ompi_mpi_op_sum");
        Float = Handle(library, "ompi_mpi_float");
        Double = Handle(library, "ompi_mpi_double");
        Byte = Handle(library, "ompi_mpi_byte");
        _library = library;
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => name == Library ? _library : IntPtr.Zero);
    }

    [DllImport(Library, EntryPoint = "MPI_Init_thread", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Init(IntPtr argc, IntPtr argv, int required, out int provided);

    [DllImport(Library, EntryPoint = "MPI_Comm_rank", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Rank(IntPtr communicator, out int rank);

    [DllImport(Library, EntryPoint = "MPI_Comm_size", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Size(IntPtr communicator, out int size);

    [DllImport(Library, EntryPoint = "MPI_Allreduce", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Reduce(IntPtr send, double[] values, int count, IntPtr type, IntPtr operation, IntPtr communicator);

    [DllImport(Library, EntryPoint = "MPI_Iallreduce", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int StartReduce(
        IntPtr send, IntPtr values, int count, IntPtr type, IntPtr operation, IntPtr communicator, out IntPtr request);

    [DllImport(Library, EntryPoint = "MPI_Test", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Test(ref IntPtr request, out int done, IntPtr status);

    [DllImport(Library, EntryPoint = "MPI_Wait", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Wait(ref IntPtr request, IntPtr status);

    [DllImport(Library, EntryPoint = "MPI_Bcast", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Broadcast(IntPtr values, int count, IntPtr type, int root, IntPtr communicator);

    [DllImport(Library, EntryPoint = "MPI_Bcast", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Broadcast(byte[] values, int count, IntPtr type, int root, IntPtr communicator);

    [DllImport(Library, EntryPoint = "MPI_Finalize", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int End();

    [DllImport(Library, EntryPoint = "MPI_Abort", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Abort(IntPtr communicator, int exitCode);

    private static IntPtr Handle(IntPtr library, string symbol) => NativeLibrary.TryGetExport(library, symbol, out IntPtr address)
        ? address
        : throw new ParScaleException(ErrorKind.Io, "MP-02", $"the libmpi of this machine has no {symbol}: it is not Open MPI, which is needed");
}
