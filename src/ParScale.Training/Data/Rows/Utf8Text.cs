using System.Text;
using System.Text.Unicode;

namespace ParScale.Training.Data.Rows;

/// <summary>Text of a row, checked.</summary>
internal static class Utf8Text
{
    /// <exception cref="ParScaleException">The bytes are not UTF-8.</exception>
    public static string Read(ReadOnlySpan<byte> bytes, RowLocation place)
    {
        if (!Utf8.IsValid(bytes)) throw place.NotUtf8();
        return Encoding.UTF8.GetString(bytes);
    }
}
