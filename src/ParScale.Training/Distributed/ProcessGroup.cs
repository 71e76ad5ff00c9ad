using System.IO.Hashing;
using System.Text;
using ParScale.Training.Data.Order;
using static TorchSharp.torch;

namespace ParScale.Training.Distributed;

/// <summary>
/// The processes that train one model together. Every member must make the same calls in the same order. A process on its own is a
/// group of one, for which all of them do nothing and no MPI is needed.
/// </summary>
internal sealed class ProcessGroup
{
    private const int Root = 0;

    private readonly bool _joined;

    private ProcessGroup(int rank, int count, bool joined) => (Rank, Count, _joined) = (rank, count, joined);

    /// <summary>The group of a process on its own.</summary>
    public static ProcessGroup Alone { get; } = new(0, 1, joined: false);

    /// <summary>The group that this process has joined; itself alone before that.</summary>
    public static ProcessGroup Joined { get; private set; } = Alone;

    /// <summary>The number of this process, from 0.</summary>
    public int Rank { get; }

    /// <summary>K, the number of processes.</summary>
    public int Count { get; }

    /// <summary>Whether this is the process that writes files and speaks.</summary>
    public bool IsFirst => Rank == Root;

    /// <summary>The part of every batch that this process takes.</summary>
    public RankSlice Slice => new(Rank, Count);

    /// <summary>Joins the processes that mpirun started beside this one. Once in a process; <see cref="Leave"/> ends it.</summary>
    /// <exception cref="ParScaleException">There are such, but no Open MPI to reach them.</exception>
    public static ProcessGroup Join()
    {
        if (!MpiLaunch.IsPresent) return Alone;
        OpenMpi.Load();
        // With CUDA the backward pass, and with it the exchange, runs on a thread of libtorch's.
        Check(OpenMpi.Init(IntPtr.Zero, IntPtr.Zero, OpenMpi.Serialized, out int provided));
        if (provided < OpenMpi.Serialized)
            throw new ParScaleException(ErrorKind.Io, "MP-02", "this Open MPI was built without support for threads, which is needed");
        Check(OpenMpi.Rank(OpenMpi.World, out int rank));
        Check(OpenMpi.Size(OpenMpi.World, out int count));
        return Joined = new ProcessGroup(rank, count, joined: true);
    }

    /// <summary>Replaces every value by its sum over all processes, equal in each to the last bit.</summary>
    public void Sum(double[] values)
    {
        if (Count > 1) Check(OpenMpi.Reduce(OpenMpi.InPlace, values, values.Length, OpenMpi.Double, OpenMpi.Sum, OpenMpi.World));
    }

    /// <summary>The sum of <paramref name="value"/> over all processes.</summary>
    public double Sum(double value)
    {
        double[] values = [value];
        Sum(values);
        return values[0];
    }

    /// <summary>Whether <paramref name="mine"/> holds in one process at least.</summary>
    public bool Any(bool mine) => Sum(mine ? 1.0 : 0.0) > 0;

    /// <summary>The number of the first process.</summary>
    public double FromFirst(double mine) => Sum(IsFirst ? mine : 0);

    /// <summary>The text of the first process.</summary>
    public string? FromFirst(string? mine)
    {
        if (Count == 1) return mine;
        byte[] bytes = IsFirst && mine is not null ? Encoding.UTF8.GetBytes(mine) : [];
        int length = (int)Sum(!IsFirst ? 0 : mine is null ? -1 : bytes.Length);
        if (length < 0) return null;
        if (!IsFirst) bytes = new byte[length];
        Check(OpenMpi.Broadcast(bytes, length, OpenMpi.Byte, Root, OpenMpi.World));
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Overwrites the values of a float32 or float64 tensor with those of the first process.</summary>
    public void FromFirst(Tensor values)
    {
        if (Count == 1) return;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor flat = values.detach().cpu().contiguous().flatten();
        (IntPtr address, IntPtr type) = Memory(flat);
        Check(OpenMpi.Broadcast(address, checked((int)flat.numel()), type, Root, OpenMpi.World));
        if (!IsFirst) values.copy_(flat.view(values.shape));
    }

    /// <summary>Makes sure that all processes have the same weights, to the last bit; one pass over them.</summary>
    /// <exception cref="ParScaleException">They have not (MP-03).</exception>
    public void RequireEqual(IEnumerable<Tensor> weights, long step)
    {
        if (Count == 1) return;
        uint mine = Fingerprint(weights);
        double[] all = new double[Count];
        all[Rank] = mine;
        Sum(all);
        int other = Array.FindIndex(all, value => value != all[Root]);
        if (other < 0) return;
        throw new ParScaleException(ErrorKind.HashMismatch, "MP-03",
            $"the weights of process {other} differ from those of the first after step {step}; --resume continues from the last checkpoint; "
            + "if it happens again, use machines of one kind, or test their memory");
    }

    /// <summary>
    /// Starts to add up a flat float32 or float64 tensor in main memory over all processes, in its place; nobody may touch it before
    /// <see cref="Finish"/> has seen the request that this returns.
    /// </summary>
    public IntPtr StartSum(Tensor values)
    {
        if (Count == 1) return IntPtr.Zero;
        (IntPtr address, IntPtr type) = Memory(values);
        Check(OpenMpi.StartReduce(
            OpenMpi.InPlace, address, checked((int)values.numel()), type, OpenMpi.Sum, OpenMpi.World, out IntPtr request));
        return request;
    }

    /// <summary>Lets the library go on with a request: it does nothing between calls. Those that are done cost nothing.</summary>
    public void Advance(ref IntPtr request)
    {
        if (Count > 1) Check(OpenMpi.Test(ref request, out _, IntPtr.Zero));
    }

    /// <summary>Waits until a request is done.</summary>
    public void Finish(ref IntPtr request)
    {
        if (Count > 1) Check(OpenMpi.Wait(ref request, IntPtr.Zero));
    }

    /// <summary>The orderly end; returns when all processes have come to theirs.</summary>
    public void Leave()
    {
        if (_joined) Check(OpenMpi.End());
    }

    /// <summary>Ends all processes at once; mpirun's exit code is <paramref name="exitCode"/>. Does nothing where there are no others.</summary>
    public void Abort(int exitCode)
    {
        if (_joined) Check(OpenMpi.Abort(OpenMpi.World, exitCode));
    }

    private static uint Fingerprint(IEnumerable<Tensor> weights)
    {
        using var scope = NewDisposeScope();
        var hash = new Crc32();
        foreach (Tensor tensor in weights) hash.Append(tensor.detach().cpu().contiguous().bytes);
        return hash.GetCurrentHashAsUInt32();
    }

    private static void Check(int result)
    {
        if (result != 0) throw new InvalidOperationException($"an MPI call returned {result}");
    }

    private static (IntPtr Address, IntPtr Type) Memory(Tensor values) => (values.storage_offset(), values.is_contiguous(), values.dtype) switch
    {
        (0, true, ScalarType.Float32) => (values.storage<float>().data_ptr(), OpenMpi.Float),
        (0, true, ScalarType.Float64) => (values.storage<double>().data_ptr(), OpenMpi.Double),
        _ => throw new InvalidOperationException("only whole float32 and float64 tensors are exchanged"),
    };
}
