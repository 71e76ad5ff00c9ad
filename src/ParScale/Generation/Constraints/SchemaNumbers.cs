using System.Numerics;
using System.Text.Json;

namespace ParScale.Generation.Constraints;

/// <summary>Numbers of a schema: integers between bounds, and numbers that are not below zero.</summary>
internal static class SchemaNumbers
{
    /// <summary>Integers between the bounds.</summary>
    public static Grammar Integers(SchemaObject keys)
    {
        RequireNoMultiple(keys);
        BigInteger? least = Greatest(Bound(keys, "minimum", up: true), Bound(keys, "exclusiveMinimum", up: false) + 1);
        BigInteger? most = -Greatest(-Bound(keys, "maximum", up: false), -(Bound(keys, "exclusiveMaximum", up: true) - 1));
        return least is null && most is null ? JsonText.Integer
            : IntegerRange.Of(least, most) ?? throw JsonSchemaGrammar.Refused(keys.Place, "allows no integer");
    }

    /// <summary>Any numbers, or those from 0 on.</summary>
    public static Grammar Numbers(SchemaObject keys)
    {
        RequireNoMultiple(keys);
        foreach (string name in new[] { "maximum", "exclusiveMinimum", "exclusiveMaximum" })
            if (keys.Get(name) is not null) throw JsonSchemaGrammar.Refused($"{keys.Place}.{name}", "of numbers that are not integers cannot be enforced");
        if (keys.Get("minimum") is not { } minimum) return JsonText.Number;
        return Number(keys, "minimum", minimum) == 0 ? JsonText.PositiveNumber
            : throw JsonSchemaGrammar.Refused($"{keys.Place}.minimum", "of numbers that are not integers can only be 0");
    }

    private static void RequireNoMultiple(SchemaObject keys)
    {
        if (keys.Get("multipleOf") is { } step && (keys.Types() is not ["integer"] || Number(keys, "multipleOf", step) != 1))
            throw JsonSchemaGrammar.Refused($"{keys.Place}.multipleOf", "cannot be enforced");
    }

    // The bound as an integer: the next one inside when it is none.
    private static BigInteger? Bound(SchemaObject keys, string name, bool up)
    {
        if (keys.Get(name) is not { } value) return null;
        decimal bound = Number(keys, name, value);
        return new BigInteger(up ? decimal.Ceiling(bound) : decimal.Floor(bound));
    }

    private static decimal Number(SchemaObject keys, string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number)
            ? number : throw JsonSchemaGrammar.Malformed($"{keys.Place}.{name}", "must be a number within 28 digits");

    private static BigInteger? Greatest(BigInteger? a, BigInteger? b) => a is null ? b : b is null ? a : BigInteger.Max(a.Value, b.Value);
}
