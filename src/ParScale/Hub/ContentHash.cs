using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ParScale.Hub;

/// <summary>
/// The hash of a file's content while it is read, to compare with the one the hub names it by: SHA-256 for files in Git LFS, and for others
/// the id of git's blob, the SHA-1 of <c>blob LENGTH\0</c> and the content.
/// </summary>
internal sealed class ContentHash : IDisposable
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly string _expected;
    private readonly long _length;
    private readonly IncrementalHash _hash;

    /// <param name="expected">The hash, in lower-case hexadecimal.</param>
    /// <param name="length">The length of the whole content.</param>
    [SuppressMessage("Security", "CA5350", Justification = "git names small files by SHA-1; whoever could forge one could change the list of files as well.")]
    public ContentHash(string expected, long length)
    {
        (_expected, _length) = (expected, length);
        _hash = IncrementalHash.CreateHash(expected.Length == Sha256Digits ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        Restart();
    }

    /// <summary>Whether a text is a hash that contents can be compared with.</summary>
    public static bool IsHash(string text) => text.Length is Sha1Digits or Sha256Digits && !text.AsSpan().ContainsAnyExcept(Digits);

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Forgets what was appended.</summary>
    public void Restart()
    {
        _hash.GetHashAndReset();
        if (_expected.Length == Sha1Digits) _hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {_length}\0")));
    }

    /// <summary>Whether what was appended is the content, all of it. Then nothing is appended any more.</summary>
    public bool Matches() => Convert.ToHexStringLower(_hash.GetHashAndReset()) == _expected;

    public void Dispose() => _hash.Dispose();
}
