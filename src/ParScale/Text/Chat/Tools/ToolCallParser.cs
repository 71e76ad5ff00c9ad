using System.Text;

namespace ParScale.Text.Chat.Tools;

/// <summary>
/// Takes the calls out of an answer while it comes. What may still become a call is held back; what looks like one but is not JSON, or
/// names no offered tool, is content as it stands. White space next to calls is neither. However the text is cut into pieces, the
/// contents, joined, and the calls are the same.
/// </summary>
/// <param name="format">How calls are written.</param>
/// <param name="tools">The names of the tools that may be called.</param>
/// <param name="most">How many calls are given; further ones are left out.</param>
public sealed class ToolCallParser(ToolCallFormat format, IReadOnlySet<string> tools, int most = int.MaxValue)
{
    private const int LongestId = 64;

    // What may stand between two bare calls.
    private static readonly char[] Between = [' ', '\t', '\r', '\n', ';'];

    // What is not yet known to be content: white space, then the beginning of a call.
    private readonly StringBuilder _held = new();
    private readonly StringBuilder _content = new();
    private readonly List<ToolCall> _calls = [];
    private Phase _phase;
    private int _name, _json, _depth, _closed, _given;
    private bool _inString, _escaped, _begun, _afterCall;
    private List<ToolCall>? _read;
    private string? _called;

    private enum Phase
    {
        Text,
        Name,
        Opened,
        Json,
        Closing,
    }

    /// <summary>Takes further text.</summary>
    public ParsedAnswer Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (char c in text) Take(c);
        return Result();
    }

    /// <summary>Ends the answer. A call that lacks nothing but the mark of its end is one.</summary>
    public ParsedAnswer Flush()
    {
        if (_phase == Phase.Closing) Complete();
        // White space after a call is no content; any other is.
        if (!_afterCall || !string.IsNullOrWhiteSpace(_held.ToString())) _content.Append(_held);
        _held.Clear();
        return Result();
    }

    private ParsedAnswer Result()
    {
        var result = new ParsedAnswer(_content.ToString(), [.. _calls]);
        _content.Clear();
        _calls.Clear();
        return result;
    }

    private void Take(char c)
    {
        _held.Append(c);
        switch (_phase)
        {
            case Phase.Text:
                FindOpening();
                break;
            case Phase.Name when FindName():
                break;
            case Phase.Opened when c == (format.IsList ? '[' : '{'):
                BeginJson();
                break;
            case Phase.Json:
                ScanJson(c);
                break;
            case Phase.Closing when format.Close![_closed] == c:
                if (++_closed == format.Close.Length) Complete();
                break;
            case Phase.Closing when _closed == 0 && char.IsWhiteSpace(c):
            case Phase.Opened when char.IsWhiteSpace(c):
                break;
            default:
                // No call: what was held is content, and this character may begin another.
                _held.Length--;
                Release(_held.Length);
                (_phase, _called) = (Phase.Text, null);
                _held.Append(c);
                FindOpening();
                break;
        }
    }

    private void FindOpening()
    {
        while (_held.Length > 0)
        {
            string held = _held.ToString();
            string start = format.IsBare && _afterCall ? held.TrimStart(Between) : held.TrimStart();
            if (start.Length == 0) return;
            if (format.IsBare && !_begun && start == "{")
            {
                BeginJson();
                return;
            }
            if (format.Open.StartsWith(start, StringComparison.Ordinal))
            {
                if (start.Length == format.Open.Length) (_phase, _name) = (format.AfterName is null ? Phase.Opened : Phase.Name, _held.Length);
                return;
            }
            Release(held.Length - start.Length + 1);
        }
    }

    // Whether what follows the mark may still be the name of a tool and what comes after it.
    private bool FindName()
    {
        string text = _held.ToString(_name, _held.Length - _name);
        foreach (string tool in tools)
        {
            if (tool.StartsWith(text, StringComparison.Ordinal)) return true;
            if (!text.StartsWith(tool, StringComparison.Ordinal)) continue;
            string after = text[tool.Length..], id = format.AfterNameAndId ?? "";
            if (id.Length > 0 && id.StartsWith(after, StringComparison.Ordinal)) return true;
            if (id.Length > 0 && after.StartsWith(id, StringComparison.Ordinal))
            {
                int end = id.Length;
                while (end < after.Length && end < id.Length + LongestId && char.IsAsciiLetterOrDigit(after[end])) end++;
                after = after[end..];
            }
            if (!format.AfterName!.StartsWith(after, StringComparison.Ordinal)) continue;
            if (after.Length == format.AfterName.Length) (_phase, _called) = (Phase.Opened, tool);
            return true;
        }
        return false;
    }

    private void BeginJson()
    {
        _phase = Phase.Json;
        (_json, _depth, _inString, _escaped) = (_held.Length - 1, 1, false, false);
    }

    // Brackets outside of strings tell where the JSON ends; whether it is JSON is seen then.
    private void ScanJson(char c)
    {
        if (_escaped) _escaped = false;
        else if (_inString) (_inString, _escaped) = (c != '"', c == '\\');
        else if (c == '"') _inString = true;
        else if (c is '{' or '[') _depth++;
        else if (c is '}' or ']' && --_depth == 0) EndJson();
    }

    private void EndJson()
    {
        string json = _held.ToString(_json, _held.Length - _json);
        _read = _called is null ? ToolCallJson.Read(json, format.IsList, tools) : ToolCallJson.Read(_called, json) is { } call ? [call] : null;
        _called = null;
        if (_read is null)
        {
            Release(_held.Length);
            _phase = Phase.Text;
        }
        else if (format.Close is null)
        {
            Complete();
        }
        else
        {
            (_phase, _closed) = (Phase.Closing, 0);
        }
    }

    private void Complete()
    {
        _calls.AddRange(_read!.Take(most - _given));
        _given += Math.Min(most - _given, _read!.Count);
        _held.Clear();
        (_phase, _afterCall, _begun, _read) = (Phase.Text, true, false, null);
    }

    // The first characters of what is held are content.
    private void Release(int count)
    {
        string text = _held.ToString(0, count);
        _content.Append(_afterCall ? text.TrimStart() : text);
        _held.Remove(0, count);
        (_begun, _afterCall) = (true, false);
    }
}
