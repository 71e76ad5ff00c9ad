using System.CommandLine;

namespace ParScale.Training.Configuration;

/// <summary>The flags of the settings, and <c>--config</c> and <c>--set</c> beside them.</summary>
internal sealed class SettingFlags
{
    private readonly Option<string?> _file = new("--config")
    { Description = "JSON file of settings, such as run.json of another run; flags and --set override it", HelpName = "FILE" };

    private readonly Option<string[]> _set = new("--set")
    { Description = "one setting, such as --set lr=1e-3; may be repeated", HelpName = "key=value", Arity = ArgumentArity.OneOrMore };

    private readonly (Setting Setting, Option<string?> Option)[] _flags = [.. TrainSettings.All.Select(setting => (setting, Flag(setting)))];

    /// <summary>Adds all to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_set);
        foreach ((_, Option<string?> option) in _flags) command.Options.Add(option);
    }

    /// <summary>The settings that a command line gives.</summary>
    /// <exception cref="ParScaleException">A setting is wrong (RC-01 to RC-04, TR-10).</exception>
    public RunConfig Read(ParseResult parse)
    {
        var config = new RunConfig();
        if (parse.GetValue(_file) is { } file) config.TakeFile(file);
        config.TakeWords(parse.GetValue(_set) ?? [], _flags
            .Where(flag => parse.GetResult(flag.Option) is { Implicit: false })
            .Select(flag => (flag.Setting, parse.GetValue(flag.Option) ?? flag.Setting.WhenAlone ?? "")));
        return config;
    }

    private static Option<string?> Flag(Setting setting) => new(setting.Flag, setting.OldKey is { } old ? [Setting.FlagOf(old)] : [])
    {
        Description = setting.Default is null ? setting.Description : $"{setting.Description} (default: {Setting.Text(setting.Default)})",
        HelpName = setting.Kind.Replace(" or ", "|", StringComparison.Ordinal).Replace("a ", "", StringComparison.Ordinal),
        Arity = setting.IsSwitch ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
    };
}
