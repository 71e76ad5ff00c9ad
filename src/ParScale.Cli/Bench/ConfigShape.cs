using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Files;

namespace ParScale.Cli.Bench;

/// <summary>A model of which only the config is at hand.</summary>
internal static class ConfigShape
{
    /// <summary>The config in a file; null when there is no such file.</summary>
    /// <exception cref="ParScaleException">The file is no config of a supported model.</exception>
    public static CheckpointConfig? Read(string path) => !File.Exists(path) ? null
        : CheckpointConfig.Parse(InputFile.Read(path, CheckpointLimits.ConfigBytes, "CF-01", "CF-02"), path);

    /// <summary>What tables call it: the folder of a <c>config.json</c>, or the name of another file.</summary>
    public static string NameOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return name == "config" ? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? name : name;
    }
}
