using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Preparation;

/// <summary>
/// Documents as JSON objects: <c>text</c>, the whole as it is rendered, with its control tokens as their strings, and <c>learned</c>,
/// the parts of it that carry loss. In colour, those parts stand out in the text.
/// </summary>
internal sealed class DocumentPreview(string endOfText, bool inColour)
{
    private const string Green = "\u001b[32m";
    private const string Plain = "\u001b[39m";

    private readonly List<(StringBuilder Text, bool Learned)> _parts = [];

    /// <summary>How many were whole.</summary>
    public long Documents { get; private set; }

    /// <summary>Takes a document, or the next piece of one; gives its line when it is whole.</summary>
    public string? Add(Document document)
    {
        foreach (Segment segment in document.Segments) Add(segment.Text, segment.Learned);
        if (!document.Ends) return null;
        if (document.Closed) Add(endOfText, learned: true);
        Documents++;
        string text = string.Concat(_parts.Select(part => inColour && part.Learned ? Green + Quoted(part.Text) + Plain : Quoted(part.Text)));
        string learned = string.Join(",", _parts.Where(part => part.Learned).Select(part => $"\"{Quoted(part.Text)}\""));
        _parts.Clear();
        return $"{{\"text\":\"{text}\",\"learned\":[{learned}]}}";
    }

    private void Add(string text, bool learned)
    {
        if (text.Length == 0) return;
        if (_parts.Count == 0 || _parts[^1].Learned != learned) _parts.Add((new StringBuilder(), learned));
        _parts[^1].Text.Append(text);
    }

    private static string Quoted(StringBuilder text) => JsonEncodedText.Encode(text.ToString(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
}
