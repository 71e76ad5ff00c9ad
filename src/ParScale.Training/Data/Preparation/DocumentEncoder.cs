using System.Runtime.InteropServices;
using System.Text;
using ParScale.Text;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Preparation;

/// <summary>
/// The tokens of a document or of a piece of one. <paramref name="Learned"/> has one value a token, or is empty: all are.
/// <paramref name="TextBytes"/> is the length of the text in UTF-8.
/// </summary>
internal sealed record EncodedDocument(int[] Ids, bool[] Learned, bool Ends, long TextBytes);

/// <summary>Documents to tokens. Safe to use from several threads at once.</summary>
internal sealed class DocumentEncoder(Tokenizer tokenizer, int endOfText)
{
    private int _spelled;

    /// <summary>Whether a chat was met of whose template the vocabulary has no control token; then their strings were encoded as text.</summary>
    public bool Spelled => Volatile.Read(ref _spelled) != 0;

    /// <summary>
    /// Every segment is encoded by itself, as text that goes on from the one before it: no token spans two of them, just as when the model continues a prompt.
    /// </summary>
    public EncodedDocument Encode(Document document)
    {
        var ids = new List<int>();
        var learned = new List<bool>();
        long bytes = 0;
        foreach (Segment segment in document.Segments)
        {
            bool continues = tokenizer.GoesOnAfter(CollectionsMarshal.AsSpan(ids));
            ids.AddRange(segment.Chat is { } chat ? tokenizer.Encode(chat, continues) : tokenizer.Encode(segment.Text, continues: continues));
            bytes += Encoding.UTF8.GetByteCount(segment.Text);
            while (learned.Count < ids.Count) learned.Add(segment.Learned);
        }
        if (document.Segments.Any(segment => segment.Chat is not null) && !ids.Exists(tokenizer.IsSpecial)) Volatile.Write(ref _spelled, 1);
        if (document is { Ends: true, Closed: true })
        {
            ids.Add(endOfText);
            learned.Add(true);
        }
        return new EncodedDocument([.. ids], learned.Contains(false) ? [.. learned] : [], document.Ends, bytes);
    }
}
