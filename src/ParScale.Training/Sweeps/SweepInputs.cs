using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ParScale.Training.Configuration;
using ParScale.Training.Inputs;

namespace ParScale.Training.Sweeps;

/// <summary>What the files of a run held and how many threads it had, wherever the files lie: together with its settings, all that decides its result.</summary>
internal sealed record SweepInputs(string Data, string Tokenizer, string? From, int Threads)
{
    /// <summary>The inputs of all runs of a plan as they are now, by run. Each file is read once.</summary>
    /// <param name="plan">The runs.</param>
    /// <param name="threads">Threads of a run that has no setting of its own.</param>
    /// <param name="known">Models that were read before.</param>
    /// <exception cref="ParScaleException">One cannot be read; the message names it.</exception>
    public static Dictionary<string, SweepInputs> Of(SweepPlan plan, int threads, KnownInputs known)
    {
        var files = new Dictionary<(string, string), (string Data, string Tokenizer)>();
        return plan.Runs.ToDictionary(run => run.Name, run =>
        {
            RunConfig config = run.Config(plan.Folder);
            StartingPoint? from = config.From is { } folder ? known.From(folder) : null;
            (string Data, string Tokenizer) paths = (config.Data, config.TokenizerFolder(from));
            if (!files.TryGetValue(paths, out (string Data, string Tokenizer) hashes))
            {
                using RunInputs inputs = RunInputs.Load(paths.Data, paths.Tokenizer);
                files[paths] = hashes = (inputs.DataSha256, inputs.TokenizerSha256);
            }
            return new SweepInputs(hashes.Data, hashes.Tokenizer, from?.Hash, run.Threads(threads));
        });
    }

    /// <summary>Those that a run had, from the first line of its log.</summary>
    /// <exception cref="KeyNotFoundException">The line is of another kind.</exception>
    public static SweepInputs OfLog(JsonElement line) => new(
        line.GetProperty("data_sha256").GetString() ?? "", line.GetProperty("tokenizer_sha256").GetString() ?? "", line.GetProperty("from").GetString(),
        line.GetProperty("threads").GetInt32());

    /// <summary>Whether <paramref name="hash"/>, from a row of a table, is that of a run with these, as it is now or as versions before wrote it.</summary>
    public bool AreOf(SweepRun run, string hash) => hash == With(run) || hash == Hash(run.Values.Where(Counts).Select(value => (value.Key, value.Text)));

    /// <summary>
    /// The beginning of a hash of these and of what the sweep gives to a run, so that a row of a table is known to be of both: of the
    /// values, however they are written, of the settings that change the result.
    /// </summary>
    public string With(SweepRun run) => Hash(run.Values.Where(value => Counts(value) && value.Setting.Property is not null).Select(value => (value.Key, run.Canonical(value))));

    // What the files hold counts, not their paths; threads of a run's own stand among the inputs.
    private static bool Counts(SweepValue value) => !value.Setting.IsPath && value.Setting != TrainSettings.Threads;

    private string Hash(IEnumerable<(string Key, string Text)> values)
    {
        IEnumerable<string> settings = values.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => $"{value.Key}={value.Text}\n");
        string text = string.Create(CultureInfo.InvariantCulture, $"{string.Concat(settings)}{Data}\n{Tokenizer}\n{From}\n{Threads}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
