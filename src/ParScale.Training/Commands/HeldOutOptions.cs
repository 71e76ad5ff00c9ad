using System.CommandLine;
using System.Globalization;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Text;
using ParScale.Training.Configuration;
using ParScale.Training.Evaluation;
using ParScale.Training.Inputs;

namespace ParScale.Training.Commands;

/// <summary>The data that finished models are measured on: the held-out part of a text or of shards, as <c>train</c> holds it out.</summary>
internal sealed class HeldOutOptions
{
    private readonly Option<string> _data = new("--data") { Required = true, Description = "UTF-8 text file or folder of shards; its held-out part is measured" };
    private readonly Option<string?> _tokenizer = new("--tokenizer") { Description = "folder with tokenizer.json (default: the model's)" };
    private readonly Option<double?> _fraction = new("--val-fraction") { Description = "last part of a text file, held out as train does (default: what all models' runs held out, else 0.1); shards have their own" };
    private readonly Option<int?> _context = new("--context") { Description = "tokens per window (default: the model's context, at most 1024)" };

    private const int MostByDefault = 1024;
    private const double DefaultFraction = 0.1;

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_data, _tokenizer, _fraction, _context]) command.Options.Add(option);
    }

    /// <summary>
    /// Calls <paramref name="use"/> with what is held out of the training of all models in <paramref name="folders"/>; the first has the
    /// tokenizer, and <paramref name="model"/> the shortest context.
    /// </summary>
    /// <exception cref="ParScaleException">A flag is out of range (TR-10), the data cannot be read, or the tokenizer does not fit the model (TR-22).</exception>
    public T Use<T>(ParseResult parse, string[] folders, ModelConfig model, Func<IHeldOut, T> use)
    {
        double fraction = FractionFor(parse, folders);
        if (fraction is not (> 0 and < 1)) throw ParScaleException.Usage("TR-10", "--val-fraction must be above 0 and below 1");
        int context = parse.GetValue(_context) ?? Math.Min(MostByDefault, model.MaxPositions);
        if (context < 1 || context > model.MaxPositions) throw ParScaleException.Usage("TR-10", $"--context must be 1 to {model.MaxPositions}, the model's");
        using RunInputs inputs = RunInputs.Load(parse.GetRequiredValue(_data), parse.GetValue(_tokenizer) ?? folders[0]);
        Tokenizer tokenizer = inputs.Tokenizer;
        if (tokenizer.VocabularySize > model.VocabularySize)
            throw ParScaleException.Usage("TR-22", $"the tokenizer has {tokenizer.VocabularySize} tokens, the model only {model.VocabularySize}; give the model's own");
        return use(inputs.Source.HeldOut(tokenizer, context, fraction));
    }

    // What a run trained on is not held out: its folder is the one around the model's, and says what it held out.
    private double FractionFor(ParseResult parse, string[] folders)
    {
        double? given = parse.GetValue(_fraction);
        double least = folders.Min(folder => OfRun(folder) ?? given ?? DefaultFraction);
        if (given > least && File.Exists(parse.GetRequiredValue(_data)))
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"note: a model's run held out {least} of its text, --val-fraction {given} is more: some of that was trained on"));
        return given ?? least;
    }

    private static double? OfRun(string folder)
    {
        string file = Path.Combine(SystemPath.Full(folder), "..", RunConfig.FileName);
        if (!File.Exists(file)) return null;
        var run = new RunConfig();
        run.TakeFile(file);
        return run.Get<double>(TrainSettings.ValidationFraction);
    }
}
