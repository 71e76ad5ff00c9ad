using System.Diagnostics;
using System.Runtime.CompilerServices;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Kernels;
using Silk.NET.Vulkan;
using static ParScale.Vulkan.Runtime.VulkanError;

namespace ParScale.Vulkan.Runtime;

/// <summary>A device that computes: memory, shaders, and commands that are recorded once and run many times. For one thread at a time, which holds the gate.</summary>
internal sealed unsafe class VulkanDevice : IDisposable
{
    // Values go to and from the device's own memory in pieces of this size.
    private const int StagingBytes = 1 << 20;

    // Of a wait.
    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(1);

    private readonly Vk _vk;
    private readonly Device _device;
    private readonly Queue _queue;
    private readonly CommandPool _pool;
    private readonly Fence _fence;
    private readonly Dictionary<string, ShaderKernel> _kernels = [];
    private ParScaleException? _failure;
    private bool? _usesFma;
    private MatrixShape? _matrices;
    private bool _knowsMatrices;

    /// <summary>Opens a device of an instance, which must outlive it.</summary>
    /// <exception cref="ParScaleException">VK-04: it lacks what the shaders need; VK-03: the driver refuses.</exception>
    public VulkanDevice(VulkanInstance instance, DeviceDescription description)
    {
        Require(description);
        (_vk, Description, Patience) = (instance.Vk, description, PatienceOf(description));
        PhysicalDevice physical = instance.Physical(description);
        uint family = DeviceReader.ComputeFamily(_vk, physical)!.Value;
        UsesIntegerDot = description.IntegerDotProduct;
        _device = DeviceCreation.Create(_vk, physical, description, family);
        try
        {
            _vk.GetDeviceQueue(_device, family, 0, out _queue);
            var pool = new CommandPoolCreateInfo { SType = StructureType.CommandPoolCreateInfo, QueueFamilyIndex = family };
            Check(_vk.CreateCommandPool(_device, in pool, null, out _pool));
            var range = new PushConstantRange(ShaderStageFlags.ComputeBit, 0, Arguments.MostBytes);
            var layout = new PipelineLayoutCreateInfo { SType = StructureType.PipelineLayoutCreateInfo, PushConstantRangeCount = 1, PPushConstantRanges = &range };
            Check(_vk.CreatePipelineLayout(_device, in layout, null, out PipelineLayout made));
            Layout = made;
            var fence = new FenceCreateInfo { SType = StructureType.FenceCreateInfo };
            Check(_vk.CreateFence(_device, in fence, null, out _fence));
            Memory = new DeviceMemory(_vk, physical, _device, description.LargestAllocation, spills: description.Kind == DeviceKind.Integrated);
        }
        catch
        {
            DestroyHandles();
            throw;
        }
    }

    /// <summary>Refuses a device that cannot be used.</summary>
    /// <exception cref="ParScaleException">VK-04: it lacks what the shaders need.</exception>
    public static void Require(DeviceDescription description)
    {
        if (description.Missing.Count == 0) return;
        throw ParScaleException.Usage("VK-04",
            $"vulkan:{description.Index} ({description.Name}) lacks {string.Join(", ", description.Missing)}; a newer driver may have it");
    }

    /// <summary>Does nothing on success.</summary>
    /// <exception cref="ParScaleException">VK-03: the driver refuses a shader, which the line names; others as <see cref="VulkanError"/> has them.</exception>
    public static void CheckShader(Result result, string name, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        // Without memory of the host is also how some drivers answer when their compiler fails.
        if (result is Result.Success or Result.ErrorDeviceLost or Result.ErrorOutOfDeviceMemory) Check(result, call);
        else throw new ParScaleException(ErrorKind.Io, "VK-03", $"the driver refused the shader {name} ({result}): a newer one may take it, and the CPU needs none (--device cpu)");
    }

    /// <summary>Held by whoever uses the device.</summary>
    public Lock Gate { get; } = new();

    /// <summary>How long it may compute before it counts as hanging.</summary>
    public TimeSpan Patience { get; set; }

    /// <summary>Whether it did not answer in time: what it works on is then never freed.</summary>
    public bool Hangs { get; private set; }

    /// <summary>What it is.</summary>
    public DeviceDescription Description { get; }

    /// <summary>Its memory.</summary>
    public DeviceMemory Memory { get; }

    /// <summary>
    /// Whether products in 8 and 4 bits take the instruction for the dot product of four bytes, as they do on devices that have it. Their bits are the
    /// same without; tests turn it off to compare both.
    /// </summary>
    public bool UsesIntegerDot { get; set; }

    /// <summary>
    /// Whether products in 8 and 4 bits take the device's <c>fma</c>: it rounds once, as the first who asks has it measured. Else they do without, with the same
    /// bits; tests set it to compare both.
    /// </summary>
    public bool UsesFma
    {
        get => _usesFma ??= MultiplyAddProbe.RoundsOnce(this);
        set => _usesFma = value;
    }

    /// <summary>
    /// The matrices that products of many rows in 8 and 4 bits take: the best of the device's that give the bits of products without them, as the first who
    /// asks has it tried. Null: none; tests set it to compare all.
    /// </summary>
    public MatrixShape? Matrices
    {
        get
        {
            if (!_knowsMatrices) Matrices = MatrixProbe.Choose(this);
            return _matrices;
        }
        set => (_matrices, _knowsMatrices) = (value, true);
    }

    internal PipelineLayout Layout { get; }

    /// <summary>A shader with given constants (0, 1, 2 ...), made at first use.</summary>
    /// <exception cref="ParScaleException">VK-03: the driver refuses the shader.</exception>
    public ShaderKernel Kernel(string name, params ReadOnlySpan<int> constants)
    {
        string key = $"{name} {string.Join(' ', constants.ToArray())}";
        if (_kernels.TryGetValue(key, out ShaderKernel? known)) return known;
        long start = Stopwatch.GetTimestamp();
        _kernels[key] = known = new ShaderKernel(name, Compile(name, constants));
        ShaderTime += Stopwatch.GetElapsedTime(start);
        return known;
    }

    /// <summary>Shaders that were made, each set of constants once.</summary>
    public int Shaders => _kernels.Count;

    /// <summary>How long the driver took for them.</summary>
    public TimeSpan ShaderTime { get; private set; }

    /// <summary>Begins a recording.</summary>
    public Recording Record()
    {
        var allocate = new CommandBufferAllocateInfo { SType = StructureType.CommandBufferAllocateInfo, CommandPool = _pool, Level = CommandBufferLevel.Primary, CommandBufferCount = 1 };
        Check(_vk.AllocateCommandBuffers(_device, in allocate, out CommandBuffer commands));
        var begin = new CommandBufferBeginInfo { SType = StructureType.CommandBufferBeginInfo };
        Check(_vk.BeginCommandBuffer(commands, in begin));
        return new Recording(this, _vk, commands);
    }

    /// <summary>Writes bytes into a buffer of the device, piece by piece.</summary>
    public void Upload(ReadOnlySpan<byte> values, DeviceBuffer to, long offset = 0)
    {
        DeviceBuffer staging = Memory.Allocate(Math.Min(values.Length, StagingBytes), Place.ToDevice);
        try
        {
            for (int start = 0; start < values.Length; start += StagingBytes)
            {
                ReadOnlySpan<byte> piece = values.Slice(start, Math.Min(StagingBytes, values.Length - start));
                piece.CopyTo(staging.Span<byte>());
                using Recording copy = Record();
                copy.Copy(staging, to, piece.Length, toOffset: offset + start).Submit();
            }
        }
        finally
        {
            Memory.Free(staging);
        }
    }

    /// <summary>Reads bytes of a buffer of the device, piece by piece.</summary>
    public void Download(DeviceBuffer from, Span<byte> values, long offset = 0)
    {
        DeviceBuffer staging = Memory.Allocate(Math.Min(values.Length, StagingBytes), Place.FromDevice);
        try
        {
            for (int start = 0; start < values.Length; start += StagingBytes)
            {
                Span<byte> piece = values.Slice(start, Math.Min(StagingBytes, values.Length - start));
                using (Recording copy = Record()) copy.Copy(from, staging, piece.Length, fromOffset: offset + start).Submit();
                staging.Span<byte>()[..piece.Length].CopyTo(piece);
            }
        }
        finally
        {
            Memory.Free(staging);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Hangs) return;
        // A lost device answers with an error, and all of it is given back the same.
        _ = _vk.DeviceWaitIdle(_device);
        foreach (ShaderKernel kernel in _kernels.Values) _vk.DestroyPipeline(_device, kernel.Pipeline, null);
        Memory.Dispose();
        DestroyHandles();
    }

    internal void Submit(CommandBuffer commands)
    {
        // Nothing can be computed any more: whoever asks hears why, at once.
        if (_failure is { } known) throw new ParScaleException(known.Kind, known.Code, known.Message, known);
        try
        {
            Fence fence = _fence;
            var submit = new SubmitInfo { SType = StructureType.SubmitInfo, CommandBufferCount = 1, PCommandBuffers = &commands };
            Check(_vk.QueueSubmit(_queue, 1, in submit, fence));
            Result waited = Result.Timeout;
            // In pieces: a process that was paused meanwhile loses one of them, and not all of its patience.
            for (TimeSpan left = Patience; waited == Result.Timeout && left >= TimeSpan.Zero; left -= Piece)
                waited = _vk.WaitForFences(_device, 1, in fence, true, (ulong)(left < Piece ? left : Piece).TotalNanoseconds);
            if (waited == Result.Success) waited = _vk.ResetFences(_device, 1, in fence);
            // Whatever it is, the commands may still be under way, and nobody can tell when they end.
            if (waited is not (Result.Success or Result.ErrorDeviceLost)) throw DoesNotAnswer(waited);
            Check(waited, nameof(_vk.WaitForFences));
        }
        catch (ParScaleException failure) when (failure.IsDeviceLost)
        {
            _failure = failure;
            throw;
        }
    }

    internal void Free(CommandBuffer commands)
    {
        if (!Hangs) _vk.FreeCommandBuffers(_device, _pool, 1, in commands);
    }

    private ParScaleException DoesNotAnswer(Result waited)
    {
        Hangs = true;
        Memory.Abandon();
        string why = waited == Result.Timeout ? $"within {Patience.TotalSeconds:F0} s" : $"({waited})";
        return new ParScaleException(ErrorKind.Io, "VK-06",
            $"vulkan:{Description.Index} ({Description.Name}) did not answer {why}; load the model again, or run it on the CPU (--device cpu)");
    }

    // A card's own watchdogs are quicker; a software driver computes on the CPU, and others may use that too.
    private static TimeSpan PatienceOf(DeviceDescription description) => description.IsSoftware ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(30);

    private void DestroyHandles()
    {
        if (_fence.Handle != 0) _vk.DestroyFence(_device, _fence, null);
        if (Layout.Handle != 0) _vk.DestroyPipelineLayout(_device, Layout, null);
        if (_pool.Handle != 0) _vk.DestroyCommandPool(_device, _pool, null);
        _vk.DestroyDevice(_device, null);
    }

    private Pipeline Compile(string name, ReadOnlySpan<int> constants)
    {
        byte[] code = ShaderKernel.Code(name);
        ShaderModule module;
        fixed (byte* words = code)
        {
            var create = new ShaderModuleCreateInfo { SType = StructureType.ShaderModuleCreateInfo, CodeSize = (nuint)code.Length, PCode = (uint*)words };
            CheckShader(_vk.CreateShaderModule(_device, in create, null, out module), name);
        }
        var entries = new SpecializationMapEntry[constants.Length];
        for (int i = 0; i < entries.Length; i++) entries[i] = new SpecializationMapEntry((uint)i, (uint)i * sizeof(int), sizeof(int));
        try
        {
            fixed (byte* main = "main\0"u8)
            fixed (int* data = constants)
            fixed (SpecializationMapEntry* map = entries)
            {
                var special = new SpecializationInfo((uint)entries.Length, map, (nuint)constants.Length * sizeof(int), data);
                var create = new ComputePipelineCreateInfo
                {
                    SType = StructureType.ComputePipelineCreateInfo,
                    Layout = Layout,
                    Stage = new PipelineShaderStageCreateInfo
                    {
                        SType = StructureType.PipelineShaderStageCreateInfo,
                        // Matrices belong to whole subgroups.
                        Flags = Description.FullSubgroups && name.StartsWith("matmul_matrix", StringComparison.Ordinal) ? PipelineShaderStageCreateFlags.RequireFullSubgroupsBit : 0,
                        Stage = ShaderStageFlags.ComputeBit,
                        Module = module,
                        PName = main,
                        PSpecializationInfo = &special,
                    },
                };
                CheckShader(_vk.CreateComputePipelines(_device, default, 1, in create, null, out Pipeline pipeline), name);
                return pipeline;
            }
        }
        finally
        {
            _vk.DestroyShaderModule(_device, module, null);
        }
    }
}
