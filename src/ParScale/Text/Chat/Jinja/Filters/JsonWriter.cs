using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Filters;

/// <summary>JSON as Python's <c>json.dumps</c> writes it. Characters of texts keep their origin; the rest counts as data.</summary>
internal sealed class JsonWriter(TaggedText? indent, TaggedText itemSeparator, TaggedText keySeparator, bool asciiOnly, bool sortKeys, Run run)
{
    private readonly TaggedTextBuilder _text = new(run);

    /// <exception cref="ParScaleException">A value has no form in JSON.</exception>
    public TextValue Write(Value value)
    {
        Write(value, depth: 0);
        return _text.ToValue();
    }

    private void Write(Value value, int depth)
    {
        run.Step();
        switch (value)
        {
            case NoneValue: _text.Append("null"); break;
            case BoolValue flag: _text.Append(flag.IsTrue ? "true" : "false"); break;
            case FloatValue number: _text.Append(Float(number.Number)); break;
            case IntValue: _text.Append(Printer.Str(value, run).Text); break;
            case TextValue text: Quote(text.Tagged); break;
            case ListValue { Kind: ListKind.List or ListKind.Tuple } list: WriteItems(list.Items, depth); break;
            case DictValue dict: WriteEntries(dict, depth); break;
            default: throw run.Fails($"a value of type {value.TypeName} has no form in JSON");
        }
    }

    private void WriteItems(Value[] items, int depth)
    {
        _text.Append("[");
        for (int i = 0; i < items.Length; i++)
        {
            Begin(i, depth + 1);
            Write(items[i], depth + 1);
        }
        End(items.Length, depth);
        _text.Append("]");
    }

    private void WriteEntries(DictValue dict, int depth)
    {
        IEnumerable<Value> keys = sortKeys ? ValueOrder.Sort(dict.Entries.Keys, key => key, descending: false, run) : dict.Entries.Keys;
        _text.Append("{");
        int i = 0;
        foreach (Value key in keys)
        {
            Begin(i++, depth + 1);
            Quote(Key(key));
            _text.Append(keySeparator.Text);
            Write(dict.Entries[key], depth + 1);
        }
        End(i, depth);
        _text.Append("}");
    }

    private TaggedText Key(Value key) => key switch
    {
        TextValue text => text.Tagged,
        NoneValue => TaggedText.Data("null"),
        BoolValue flag => TaggedText.Data(flag.IsTrue ? "true" : "false"),
        FloatValue number => TaggedText.Data(Float(number.Number)),
        IntValue => Printer.Str(key, run),
        _ => throw run.Fails($"a value of type {key.TypeName} cannot be a key in JSON"),
    };

    private void Begin(int index, int depth)
    {
        if (index > 0) _text.Append(itemSeparator.Text);
        NewLine(depth);
    }

    private void End(int count, int depth)
    {
        if (count > 0) NewLine(depth);
    }

    private void NewLine(int depth)
    {
        if (indent is null) return;
        _text.Append("\n");
        for (int i = 0; i < depth; i++) _text.Append(indent.Text);
    }

    private static string Float(double number) => number switch
    {
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => Printer.Float(number),
    };

    private void Quote(TaggedText text)
    {
        run.Charge(text.Length / 32);
        _text.Append("\"");
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (Escaped(text.Text[i]) is not { } escaped) continue;
            _text.Append(text, plain, i - plain).Append(escaped, text.TagAt(i));
            plain = i + 1;
        }
        _text.Append(text, plain, text.Length - plain).Append("\"");
    }

    private string? Escaped(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        < ' ' => $"\\u{(int)c:x4}",
        > '~' when asciiOnly => $"\\u{(int)c:x4}",
        _ => null,
    };
}
