using System.Text;
using System.Text.Unicode;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>A text file as one document.</summary>
internal sealed class TextSource(string path) : ISource
{
    public IEnumerable<SourceRecord> Read()
    {
        // A document is taken as a whole or not at all: what is wrong with its end must be known before its beginning is written.
        if (Fault() is { } fault)
        {
            yield return new SourceRecord(new FileInfo(path).Length, () => throw fault, IsRow: false);
            yield break;
        }
        using Stream stream = SourceFiles.Open(path);
        foreach (TextBlock block in TextBlocks.Read(stream, path))
            yield return new SourceRecord(block.Bytes.Length, () => new Document([new Segment(Encoding.UTF8.GetString(block.Bytes), true)], block.Last));
    }

    private ParScaleException? Fault()
    {
        try
        {
            using Stream stream = SourceFiles.Open(path);
            bool blank = true;
            foreach (TextBlock block in TextBlocks.Read(stream, path))
            {
                if (!Utf8.IsValid(block.Bytes)) return RowLocation.Line(path, LineOfFault(block)).NotUtf8();
                blank = blank && string.IsNullOrWhiteSpace(Encoding.UTF8.GetString(block.Bytes));
            }
            return blank ? RowLocation.Line(path, 1).Empty("the text") : null;
        }
        catch (ParScaleException e) when (e.Code == "TD-05")
        {
            return e;
        }
    }

    private static long LineOfFault(TextBlock block)
    {
        long line = block.Line;
        foreach (Range part in block.Bytes.AsSpan().Split((byte)'\n'))
        {
            if (!Utf8.IsValid(block.Bytes.AsSpan(part))) break;
            line++;
        }
        return line;
    }
}
