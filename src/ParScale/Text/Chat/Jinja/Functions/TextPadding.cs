using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>Methods that make a text as wide as asked for.</summary>
internal static class TextPadding
{
    public static readonly Builtin[] Methods =
    [
        new("center", "width fillchar", call => Padded(call, missing => missing / 2 + (missing & call.Int(0, 0) & 1))),
        new("ljust", "width fillchar", call => Padded(call, _ => 0)),
        new("rjust", "width fillchar", call => Padded(call, missing => missing)),
        new("zfill", "width", Zeros),
        new("expandtabs", "tabsize", Tabs),
    ];

    private static TextValue Padded(Call call, Func<int, int> leftOf)
    {
        if (call[0] is null) throw call.Wrong(0, "a whole number");
        var text = (TextValue)call.Self;
        TaggedText fill = call.Arguments.Length > 1 && call.GivenText(1) is { } given ? given : TaggedText.Template(" ");
        if (new TextValue(fill).Count != 1) throw call.Wrong(1, "one character");
        int missing = Math.Max(0, call.Int(0, 0) - text.Count);
        int left = leftOf(missing);
        return new TextValue(TextOperations.Pad(text.Tagged, left, missing - left, fill, call.Run));
    }

    private static TextValue Zeros(Call call)
    {
        var text = (TextValue)call.Self;
        int sign = text.Text is ['+' or '-', ..] ? 1 : 0;
        int missing = Math.Max(0, call.Int(0, 0) - text.Count);
        TaggedText rest = text.Tagged.Slice(sign, text.Text.Length - sign);
        return new TaggedTextBuilder(call.Run).Append(text.Tagged.Slice(0, sign))
            .Append(TextOperations.Pad(rest, missing, 0, TaggedText.Data("0"), call.Run)).ToValue();
    }

    private static TextValue Tabs(Call call)
    {
        int size = call.Int(0, 8);
        var expanded = new TaggedTextBuilder(call.Run);
        int column = 0;
        foreach (Value character in Iteration.Items(call.Self, call.Run))
        {
            TaggedText text = ((TextValue)character).Tagged;
            int width = size > 0 ? size - column % size : 0;
            if (text.Text == "\t")
            {
                expanded.Append(TextOperations.Pad(TaggedText.Empty, width, 0, new TaggedText(" ", text.TagAt(0)), call.Run));
                column += width;
            }
            else
            {
                expanded.Append(text);
                column = text.Text is "\n" or "\r" ? 0 : column + 1;
            }
        }
        return expanded.ToValue();
    }
}
