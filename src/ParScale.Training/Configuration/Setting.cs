using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;

namespace ParScale.Training.Configuration;

/// <summary>
/// One thing that a user can set about a run: its name in files (<c>kv_heads</c>) and as a flag (<c>--kv-heads</c>), its type, its range,
/// its default, and the property of <see cref="TrainingOptions"/> that it becomes, if it is one of what the run computes.
/// </summary>
internal sealed class Setting
{
    private readonly Type _type;
    private readonly string _range;
    private readonly Func<object, bool> _holds;

    private Setting(string key, Type type, object? value, string description, string range, Func<object, bool> holds)
    {
        (Key, _type, Default, Description, _range, _holds) = (key, Nullable.GetUnderlyingType(type) ?? type, value, description, range, holds);
        if (_type == typeof(bool)) WhenAlone = "true";
    }

    /// <summary>The name in files and after <c>--set</c>.</summary>
    public string Key { get; }

    /// <summary>The name that it had before, which is still read; null when it always had this one.</summary>
    public string? OldKey { get; private set; }

    /// <summary>The flag.</summary>
    public string Flag => FlagOf(Key);

    /// <summary>What it is, for <c>--help</c>.</summary>
    public string Description { get; }

    /// <summary>The value when nobody gives one; null when there is none then.</summary>
    public object? Default { get; }

    /// <summary>Whether it is a path. In a file it counts from the folder of the file.</summary>
    public bool IsPath { get; private init; }

    /// <summary>Whether the flag may stand alone.</summary>
    public bool IsSwitch => WhenAlone is not null;

    /// <summary>What the flag means when it stands alone; null when it needs a value.</summary>
    public string? WhenAlone { get; private set; }

    /// <summary>The property of <see cref="TrainingOptions"/>; null when the setting changes nothing of what is computed.</summary>
    public PropertyInfo? Property { get; private init; }

    /// <summary>Its type in words.</summary>
    public string Kind => _type switch
    {
        _ when _type == typeof(bool) => "true or false",
        _ when _type == typeof(string) => IsPath ? "a path" : "a text",
        _ when _type == typeof(double) => "a number",
        _ when _type.IsEnum => string.Join(" or ", Enum.GetNames(_type).Select(Name)),
        _ => "a whole number",
    };

    /// <summary>A setting that becomes a property of the options.</summary>
    /// <param name="key">Its name in files.</param>
    /// <param name="property">That property: a number, a text, a truth value or an enumeration.</param>
    /// <param name="value">The default.</param>
    /// <param name="description">What it is.</param>
    /// <param name="range">The values that are allowed, in words, such as "above 0"; empty for all.</param>
    /// <param name="holds">Whether a value is one of them.</param>
    public static Setting Of<T>(
        string key, Expression<Func<TrainingOptions, T>> property, T value, string description, string range = "", Func<T, bool>? holds = null)
    {
        var member = (MemberExpression)property.Body;
        return new Setting(key, typeof(T), value, description, range, given => holds?.Invoke((T)given) ?? true) { Property = (PropertyInfo)member.Member };
    }

    /// <summary>A setting beside the options.</summary>
    public static Setting Beside<T>(string key, T value, string description, string range = "", Func<T, bool>? holds = null) =>
        new(key, typeof(T), value, description, range, given => holds?.Invoke((T)given) ?? true);

    /// <summary>A file or folder.</summary>
    public static Setting Path(string key, string description) => new(key, typeof(string), null, description, "", _ => true) { IsPath = true };

    /// <summary>Reads a value as it is typed on the command line.</summary>
    /// <param name="text">The value.</param>
    /// <param name="refused">Makes the error of "must be ..., not ...".</param>
    public object Read(string text, Func<string, ParScaleException> refused) =>
        Parse(text) is { } value && _holds(value) ? value : throw refused($"{Expected()}, not {ParScaleException.Quote(text)}");

    /// <summary>Reads a value of a file: a JSON number, text or truth value, as the type asks for.</summary>
    /// <param name="element">The value.</param>
    /// <param name="refused">Makes the error of "must be ..., not ...".</param>
    public object Read(JsonElement element, Func<string, ParScaleException> refused)
    {
        string? text = element.ValueKind switch
        {
            JsonValueKind.Number when _type != typeof(bool) && _type != typeof(string) && !_type.IsEnum => element.GetRawText(),
            JsonValueKind.String when _type == typeof(string) || _type.IsEnum => element.GetString(),
            JsonValueKind.True or JsonValueKind.False when _type == typeof(bool) => element.GetRawText(),
            _ => null,
        };
        return text is not null && Parse(text) is { } value && _holds(value) ? value : throw refused($"{Expected()}, not {StrictJson.Kind(element)}");
    }

    /// <summary>Writes a value as <see cref="Read(JsonElement, Func{string, ParScaleException})"/> reads it.</summary>
    public void Write(Utf8JsonWriter json, object value)
    {
        if (value is double real) json.WriteNumber(Key, real);
        else if (value is int or long) json.WriteNumber(Key, Convert.ToInt64(value, CultureInfo.InvariantCulture));
        else if (value is bool truth) json.WriteBoolean(Key, truth);
        else json.WriteString(Key, Text(value));
    }

    /// <summary>A value as it is typed.</summary>
    public static string Text(object value) => value is Enum name ? Name(name.ToString()) : string.Create(CultureInfo.InvariantCulture, $"{value}");

    /// <summary>Has the setting read under a former name as well.</summary>
    public Setting Formerly(string key)
    {
        OldKey = key;
        return this;
    }

    /// <summary>Lets the flag stand alone, for a value.</summary>
    public Setting Alone(string value)
    {
        WhenAlone = value;
        return this;
    }

    /// <summary>The flag of a key.</summary>
    public static string FlagOf(string key) => "--" + key.Replace('_', '-');

    private static string Name(string value) => value.ToLowerInvariant();

    private string Expected() => _range.Length == 0 ? $"must be {Kind}" : $"must be {Kind}, {_range}";

    private object? Parse(string text)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        if (_type == typeof(string)) return text.Length > 0 ? text : null;
        if (_type == typeof(bool)) return text switch { "true" => true, "false" => false, _ => null };
        if (_type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, culture, out int small) ? small : null;
        if (_type == typeof(long)) return long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out long whole) ? whole : null;
        if (_type == typeof(double)) return double.TryParse(text, NumberStyles.Float, culture, out double real) && double.IsFinite(real) ? real : null;
        string? name = Enum.GetNames(_type).FirstOrDefault(name => Name(name) == text);
        return name is null ? null : Enum.Parse(_type, name);
    }
}
