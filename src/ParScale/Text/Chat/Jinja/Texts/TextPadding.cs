using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>Methods that make a text as wide as asked for.</summary>
internal static class TextPadding
{
    public static readonly Builtin[] Methods =
    [
        new("center", "width fillchar", call => Center((TextValue)call.Self, Width(call), Fill(call), call.Run)),
        new("ljust", "width fillchar", call => Padded((TextValue)call.Self, Width(call), _ => 0, Fill(call), call.Run)),
        new("rjust", "width fillchar", call => Padded((TextValue)call.Self, Width(call), missing => missing, Fill(call), call.Run)),
        new("zfill", "width", Zeros),
        new("expandtabs", "tabsize", Tabs),
    ];

    /// <summary>In the middle of a width; where the sides differ by one, as Python has it.</summary>
    public static TextValue Center(TextValue text, int width, TaggedText fill, Run run) =>
        Padded(text, width, missing => missing / 2 + (missing & width & 1), fill, run);

    private static int Width(Call call) => call[0] is null ? throw call.Wrong(0, "a whole number") : call.Int(0, 0);

    private static TaggedText Fill(Call call)
    {
        TaggedText fill = call.GivenText(1) ?? TaggedText.Template(" ");
        return new TextValue(fill).Count == 1 ? fill : throw call.Wrong(1, "one character");
    }

    private static TextValue Padded(TextValue text, int width, Func<int, int> leftOf, TaggedText fill, Run run)
    {
        int missing = Math.Max(0, width - text.Count);
        int left = leftOf(missing);
        return new TextValue(TextOperations.Pad(text.Tagged, left, missing - left, fill, run));
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
