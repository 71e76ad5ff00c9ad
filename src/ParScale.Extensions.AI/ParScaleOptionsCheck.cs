using Microsoft.Extensions.Options;

namespace ParScale.Extensions.AI;

/// <summary>Finds what would fail later, when the application starts: loading itself waits for the first call.</summary>
internal sealed class ParScaleOptionsCheck : IValidateOptions<ParScaleOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ParScaleOptions options)
    {
        var wrong = new List<string>();
        if (options.Load is null) wrong.Add($"{nameof(ParScaleOptions)}.{nameof(options.Load)} is null; leave it out");
        if (options.Model is { } folder) Check(nameof(options.Model), folder);
        foreach ((string set, string addOn) in options.StreamSets) Check($"{nameof(options.StreamSets)}[{ParScaleException.Quote(set)}]", addOn);
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);

        void Check(string option, string path)
        {
            if (!File.Exists(Path.Combine(path, "config.json")))
                wrong.Add($"{nameof(ParScaleOptions)}.{option}: {ParScaleException.Quote(path)} is no folder with a config.json; give the folder of a model");
        }
    }
}
