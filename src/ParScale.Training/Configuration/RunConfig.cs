using System.Text;
using System.Text.Json;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Text;
using ParScale.Training.Conversion;
using ParScale.Training.Data;
using ParScale.Training.Inputs;

namespace ParScale.Training.Configuration;

/// <summary>
/// The settings of a run as they were given: by a file, then by <c>--set</c> and flags, which override it. What nobody gave has its default.
/// </summary>
internal sealed class RunConfig
{
    /// <summary>The file in a run's folder that holds the settings it had, all of them: <c>train --config</c> repeats the run.</summary>
    public const string FileName = "run.json";

    private readonly Dictionary<string, object> _given = new(StringComparer.Ordinal);
    private string? _file;

    /// <summary>The data.</summary>
    /// <exception cref="ParScaleException">None are given (TR-10).</exception>
    public string Data => Get<string>(TrainSettings.Data) ?? throw ParScaleException.Usage("TR-10", "--data is needed");

    /// <summary>The model to go on from, if any.</summary>
    public string? From => Get<string>(TrainSettings.From);

    /// <summary>The value of a setting; its default when nobody gave one.</summary>
    public T? Get<T>(Setting setting) => (T?)(_given.GetValueOrDefault(setting.Key) ?? setting.Default);

    /// <summary>Takes the settings of a file, whose paths count from its folder.</summary>
    /// <exception cref="ParScaleException">It cannot be read (RC-01), or a key (RC-02, RC-03) or a value (RC-04) is wrong.</exception>
    public void TakeFile(string path)
    {
        _file = path;
        string folder = Path.GetDirectoryName(SystemPath.Full(path)) ?? "";
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in StrictJson.Members(path, "", StrictJson.Read(path)))
        {
            Setting setting = TrainSettings.Find(member.Name) ?? throw StrictJson.Unknown(path, "", member.Name, TrainSettings.Keys);
            if (!seen.Add(setting.Key)) throw StrictJson.Usage("RC-03", path, member.Name, $"is the former name of {setting.Key}, which is given too; leave one");
            object value = setting.Read(member.Value, detail => StrictJson.Wrong(path, member.Name, detail));
            _given[setting.Key] = setting.IsPath ? SystemPath.Full(Path.Combine(folder, (string)value)) : value;
        }
    }

    /// <summary>Takes what <c>--set</c> (<c>key=value</c>) and flags gave.</summary>
    /// <exception cref="ParScaleException">A key is unknown (RC-02) or given twice (RC-03), or a value is wrong (RC-04; TR-10 for a flag).</exception>
    public void TakeWords(IEnumerable<string> sets, IEnumerable<(Setting Setting, string Text)> flags)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string word in sets)
        {
            (string key, string? text) = word.IndexOf('=', StringComparison.Ordinal) is var at and > 0 ? (word[..at], word[(at + 1)..]) : (word, null);
            Setting setting = TrainSettings.Find(key) ?? throw StrictJson.Unknown("--set", "", key, TrainSettings.Keys);
            if (text is null) throw StrictJson.Wrong("--set", key, $"has no value; write {key}=VALUE");
            if (!seen.Add(setting.Key)) throw StrictJson.Usage("RC-03", "--set", key, "is given twice; leave one");
            _given[setting.Key] = setting.Read(text, detail => StrictJson.Wrong("--set", key, detail));
        }
        foreach ((Setting setting, string text) in flags)
        {
            if (!seen.Add(setting.Key)) throw StrictJson.Usage("RC-03", "--set", setting.Key, $"is given as {setting.Flag} too; leave one");
            _given[setting.Key] = setting.Read(text, detail => ParScaleException.Usage("TR-10", $"{setting.Flag} {detail}"));
        }
    }

    /// <summary>The folder with the tokenizer.</summary>
    /// <exception cref="ParScaleException">None is given (TR-10).</exception>
    public string TokenizerFolder(StartingPoint? from) =>
        Get<string>(TrainSettings.Tokenizer) ?? from?.Folder ?? throw ParScaleException.Usage("TR-10", "--tokenizer is needed, or --from");

    /// <summary>What the run computes; the hashes of its inputs are left open.</summary>
    /// <exception cref="ParScaleException">A setting does not go with another (TR-10) or with the model of <c>--from</c> (TR-22).</exception>
    public TrainingOptions Options(StartingPoint? from)
    {
        // Its required members are set below, one by one.
        var options = Activator.CreateInstance<TrainingOptions>();
        foreach (Setting setting in TrainSettings.All) setting.Property?.SetValue(options, Get<object>(setting));
        options = options with { DataSha256 = "", TokenizerSha256 = "" };
        try
        {
            // Without a model there are no added streams; only a text is a start for any.
            if (from is null) options = options with { Init = options.Init == StreamInit.Text ? options.Init : null };
            else options = Complete(options, from);
            string? elastic = ElasticStreams.Canonical(options.Elastic, options.Streams);
            ElasticStreams.RequireOrder(options.Elastic, options.ElasticWeights);
            options = options with { Elastic = elastic };
            options.Validate();
            return options;
        }
        catch (ParScaleException e) when (_file is not null)
        {
            throw new ParScaleException(e.Kind, e.Code, $"{Path.GetFileName(_file)}: {e.Message}", e);
        }
    }

    /// <summary>What the run computes and the model it does so with, without reading the data.</summary>
    /// <exception cref="ParScaleException">The settings make no run.</exception>
    public (TrainingOptions Options, CheckpointConfig Model) Describe(KnownInputs known)
    {
        StartingPoint? from = From is { } folder ? known.From(folder) : null;
        Tokenizer tokenizer = known.Tokenizer(TokenizerFolder(from));
        TrainingOptions options = Options(from);
        return (options, from?.Configure(options, tokenizer.VocabularySize)
            ?? options.Config(tokenizer.VocabularySize, tokenizer.IdOf(TokenizerWriter.EndOfText)));
    }

    /// <summary>All settings of the run that <paramref name="options"/> came from, as a file for <c>--config</c>; paths are whole.</summary>
    public string ToJson(TrainingOptions options, bool indented)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented, NewLine = "\n" }))
        {
            json.WriteStartObject();
            foreach (Setting setting in TrainSettings.All)
            {
                object? value = setting.Property is { } property ? property.GetValue(options) : Get<object>(setting);
                // Nothing would mean what the model of --from has.
                if (setting == TrainSettings.Elastic && From is not null) value ??= ElasticStreams.None;
                bool ofTheModel = From is not null && TrainSettings.Shape.Contains(setting);
                if (value is not null && !ofTheModel) setting.Write(json, setting.IsPath ? SystemPath.Full((string)value) : value);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Prints the settings of a run that begins, and keeps them in its folder.</summary>
    public void Record(string folder, TrainingOptions options)
    {
        Console.Error.WriteLine($"settings: {ToJson(options, indented: false)}");
        DurableFile.ReplaceText(Path.Combine(folder, FileName), ToJson(options, indented: true) + "\n");
    }

    private TrainingOptions Complete(TrainingOptions options, StartingPoint from)
    {
        if (TrainSettings.Shape.FirstOrDefault(shape => _given.ContainsKey(shape.Key)) is { } shape)
            throw ParScaleException.Usage("TR-22", $"{shape.Flag} is given by the model of --from; leave it out");
        return from.Complete(options, Given<int>(TrainSettings.Streams), Given<int>(TrainSettings.PrefixTokens), Given<double>(TrainSettings.Smooth),
            Given<StreamInit>(TrainSettings.Init), Given<bool>(TrainSettings.Anchored));
    }

    private T? Given<T>(Setting setting) where T : struct => _given.TryGetValue(setting.Key, out object? value) ? (T)value : null;
}
