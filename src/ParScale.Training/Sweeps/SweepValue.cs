using System.Text.Json;
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

    /// <summary>The value for a run; relative paths count from <paramref name="folder"/>.</summary>
    public string From(string folder) => Setting.IsPath ? Path.GetFullPath(Path.Combine(folder, Text)) : Text;
}
