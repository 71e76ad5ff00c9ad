using System.Numerics;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>
/// A whole number of any size that the budget allows. It remembers whether the template alone made it, so that <c>loop.index</c> may be
/// a part of a control token.
/// </summary>
internal sealed class IntValue(BigInteger number, bool fromTemplate) : Value
{
    public BigInteger Number => number;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "int";

    public override bool IsTruthy => !number.IsZero;

    /// <summary>A number that depends on data, as far as is known.</summary>
    public static IntValue Data(BigInteger number) => new(number, fromTemplate: false);

    /// <summary>A number that the template made.</summary>
    public static IntValue Template(BigInteger number) => new(number, fromTemplate: true);
}

/// <summary>A number in double precision; see <see cref="IntValue"/>.</summary>
internal sealed class FloatValue(double number, bool fromTemplate) : Value
{
    public double Number => number;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "float";

    public override bool IsTruthy => number != 0;
}
