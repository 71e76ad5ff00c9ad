using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace ParScale.Kernels.Memory;

/// <summary>
/// A file mapped read-only into memory. Every access is checked against the length the file had when it was opened.
/// A file that shrinks while it is mapped cannot be caught by any process (the system raises SIGBUS): do not truncate
/// a model in place while it is loaded; write a new one and rename it.
/// </summary>
internal sealed unsafe partial class MappedFile : IDisposable
{
    private const int WillNeed = 3;

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;
    private bool _disposed;

    /// <summary>Maps the whole of <paramref name="path"/>. An empty file is allowed and has length 0.</summary>
    /// <exception cref="IOException">The file cannot be opened or mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public MappedFile(string path)
        : this(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read))
    {
    }

    /// <summary>Maps the whole of an open file and closes it.</summary>
    /// <exception cref="IOException">The file cannot be mapped.</exception>
    public MappedFile(FileStream stream)
    {
        using FileStream closed = stream;
        Length = stream.Length;
        if (Length == 0) return;
        try
        {
            _file = MemoryMappedFile.CreateFromFile(stream, null, Length, MemoryMappedFileAccess.Read, HandleInheritability.None, true);
        }
        catch (ArgumentException changed)
        {
            throw new IOException("the file became shorter while it was opened", changed);
        }
        _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>The bytes from <paramref name="offset"/> on. Valid until the file is disposed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the file.</exception>
    public ReadOnlySpan<byte> Slice(long offset, int length) => new(Pointer(offset, length), length);

    /// <summary>
    /// Asks the system to read a range from the disk ahead of its use, as far as it lies inside the file. Without it a range
    /// that several threads touch comes in by small pieces, each waited for. Only advice: where it is not taken nothing changes.
    /// </summary>
    public void Prefetch(long offset, long length)
    {
        if (OperatingSystem.IsWindows() || offset >= Length) return;
        nint start = (nint)Pointer(offset, Math.Min(length, Length - offset)), page = start / Environment.SystemPageSize * Environment.SystemPageSize;
        _ = Advise(page, (nuint)(Math.Min(length, Length - offset) + start - page), WillNeed);
    }

    /// <summary>The address of a range, after checking that it lies inside the file.</summary>
    internal byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (offset > Length || length > Length - offset) throw new ArgumentOutOfRangeException(nameof(length));
        return _start + offset;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
