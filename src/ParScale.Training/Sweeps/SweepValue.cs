using System.Text.Json;
using ParScale.Files;
using ParScale.Training.Configuration;

namespace ParScale.Training.Sweeps;

/// <summary>What a run gives to one setting, written as in the sweep's file.</summary>
internal readonly record struct SweepValue(Setting Setting, string Text)
{
    /// <summary>The name of the setting.</summary>
    public string Key => Setting.Key;

    /// <summary>The value of a member of the file.</summary>
    /// <exception cref="ParScaleException">There is no such key (RC-02), or the value is wrong (RC-04).</exception>
    public static SweepValue Read(string path, string where, string key, JsonElement value)
    {
        Setting setting = TrainSettings.Find(key) ?? throw StrictJson.Unknown(path, where, key, TrainSettings.Keys);
        setting.Read(value, detail => StrictJson.Wrong(path, StrictJson.Inside(where, key), detail));
        return new SweepValue(setting, value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText());
    }

    /// <summary>The values of the members of an object.</summary>
    /// <exception cref="ParScaleException">As for <see cref="Read"/>; or two members are one setting, under a former name (RC-03).</exception>
    public static SweepValue[] ReadAll(string path, string where, IEnumerable<JsonProperty> members)
    {
        SweepValue[] values = [.. members.Select(member => Read(path, where, member.Name, member.Value))];
        if (values.CountBy(value => value.Key).FirstOrDefault(pair => pair.Value > 1) is not { Key: { } twice }) return values;
        throw StrictJson.Usage("RC-03", path, StrictJson.Inside(where, twice), "is given under its former name too; leave one");
    }

    /// <summary>The value for a run; relative paths count from <paramref name="folder"/>.</summary>
    public string From(string folder) => Setting.IsPath ? SystemPath.Full(Path.Combine(folder, Text)) : Text;
}
