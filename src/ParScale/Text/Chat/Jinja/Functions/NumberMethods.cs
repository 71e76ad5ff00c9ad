using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>The fields and methods of numbers.</summary>
internal static class NumberMethods
{
    private static readonly Dictionary<string, Builtin> All = Builtin.Table((Builtin[])
    [
        new("is_integer", "", call => BoolValue.Of(double.IsInteger(ValueComparer.Real(call.Self) ?? 0))),
        new("bit_length", "", call => IntValue.Data(System.Numerics.BigInteger.Abs(ValueComparer.Whole(call.Self) ?? 0).GetBitLength())),
        new("conjugate", "", call => call.Self),
    ]);

    public static Builtin? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>A field of a number; null for other values, and when there is none of that name.</summary>
    public static Value? Part(Value value, string name) => (value, name) switch
    {
        (IntValue or FloatValue, "real") or (IntValue, "numerator") => value,
        (FloatValue, "imag") => new FloatValue(0, fromTemplate: false),
        (IntValue, "imag") => IntValue.Data(0),
        (IntValue, "denominator") => IntValue.Data(1),
        _ => null,
    };
}
