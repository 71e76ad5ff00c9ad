using System.Buffers.Binary;
using System.IO.Hashing;
using ICSharpCode.SharpZipLib.Zip.Compression;

namespace ParScale.Training.Data.Sources;

/// <summary>
/// The members of a gzip file, one behind the other, each held against its checksum and length. To .NET's own stream a file that is cut off is
/// just a shorter one, and to SharpZipLib's what follows a damaged member; here the file must end where a member does, but for zeros.
/// </summary>
internal sealed class GzipMembers(Stream source) : FrontToBackStream(source)
{
    private const int Extra = 4, Name = 8, Comment = 16, HeaderChecksum = 2;

    private readonly byte[] _input = new byte[1 << 16];
    private readonly Inflater _inflater = new(noHeader: true);
    private readonly Crc32 _checksum = new();
    private int _at;
    private int _end;
    private uint _length;
    private bool _inMember;

    /// <exception cref="InvalidDataException">A member is damaged, or something else follows one.</exception>
    /// <exception cref="EndOfStreamException">The last member is cut off.</exception>
    public override int Read(byte[] buffer, int offset, int count)
    {
        while (count > 0)
        {
            if (!_inMember && !BeginMember()) return 0;
            int written = _inflater.Inflate(buffer, offset, count);
            if (written > 0)
            {
                _checksum.Append(buffer.AsSpan(offset, written));
                _length += (uint)written;
                return written;
            }
            if (_inflater.IsFinished) EndMember();
            else if (_inflater.IsNeedingInput && Fill())
            {
                _inflater.SetInput(_input, 0, _end);
                _at = _end;
            }
            else throw new EndOfStreamException();
        }
        return 0;
    }

    private bool BeginMember()
    {
        int first = NextByte();
        while (first == 0) first = NextByte();
        if (first < 0) return false;
        if (first != 0x1F || Byte() != 0x8B || Byte() != 8) throw new InvalidDataException("what follows is no member");
        int flags = Byte();
        Skip(6);
        if ((flags & Extra) != 0) Skip(Byte() | Byte() << 8);
        if ((flags & Name) != 0) SkipText();
        if ((flags & Comment) != 0) SkipText();
        if ((flags & HeaderChecksum) != 0) Skip(2);
        _inflater.Reset();
        _inflater.SetInput(_input, _at, _end - _at);
        _checksum.Reset();
        (_at, _length, _inMember) = (_end, 0, true);
        return true;
    }

    private void EndMember()
    {
        _at = _end - _inflater.RemainingInput;
        Span<byte> trailer = stackalloc byte[8];
        for (int i = 0; i < trailer.Length; i++) trailer[i] = (byte)Byte();
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != _checksum.GetCurrentHashAsUInt32() || BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != _length)
            throw new InvalidDataException("a member does not match its checksum");
        _inMember = false;
    }

    private void SkipText()
    {
        while (Byte() != 0) { }
    }

    private void Skip(int count)
    {
        for (; count > 0; count--) Byte();
    }

    private int Byte() => NextByte() is >= 0 and var next ? next : throw new EndOfStreamException();

    private int NextByte() => _at < _end || Fill() ? _input[_at++] : -1;

    private bool Fill()
    {
        (_at, _end) = (0, Source.Read(_input));
        return _end > 0;
    }
}
