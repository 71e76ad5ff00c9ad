using ParScale.Text.Chat;

namespace ParScale.Training.Data.Rows;

/// <summary>
/// A document, or a piece of a long one: all its pieces but the last say that more follows (<paramref name="Ends"/> is false). With
/// <paramref name="Closed"/> the end-of-text token follows its last segment.
/// </summary>
internal sealed record Document(IReadOnlyList<Segment> Segments, bool Ends = true, bool Closed = true);

/// <summary>
/// A part of a document. Its tokens are <paramref name="Learned"/> or only read. A part of a <paramref name="Chat"/> holds the control
/// tokens that the template wrote; in any other text such strings stand for nothing but themselves.
/// </summary>
internal readonly record struct Segment(string Text, bool Learned, RenderedChat? Chat = null);
