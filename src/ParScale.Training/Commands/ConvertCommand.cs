using System.CommandLine;
using System.Globalization;
using ParScale.Hub;
using ParScale.Training.Conversion;
using ParScale.Training.Data;
using ParScale.Training.Modules;
using ParScale.Training.Runtime;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train convert</c>: a ParScale folder from a plain one, or one whole folder from an add-on.</summary>
internal static class ConvertCommand
{
    private const int LargestStreams = 64;
    private const int LargestPrefix = 4096;

    private static readonly Option<string> Model = new("--model", "-m") { Required = true, Description = "folder or cached org/name of a plain model, or of an add-on with --merge" };
    private static readonly Option<string> Output = new("--output", "-o") { Required = true, Description = "output folder" };
    private static readonly Option<int> Streams = Number("--streams", 4, "P, 2 or more");
    private static readonly Option<int> PrefixTokens = Number("--prefix-tokens", 48, "learned slots per stream and layer");
    private static readonly Option<double> Smooth = Number("--smooth", 0.1, "smoothing of the stream weights");
    private static readonly Option<string> Init = InitOption();
    private static readonly Option<double> PrefixDeviation = Number("--prefix-std", InitialWeights.Deviation, "standard deviation of the prefixes of --init paper");
    private static readonly Option<long> Seed = Number("--seed", 1L, "seed of the new weights");
    private static readonly Option<string?> Data = new("--data") { Description = "UTF-8 text: measure the loss before and after, and calibrate keep on it" };
    private static readonly Option<int> DataTokens = Number("--data-tokens", 8192, "tokens of --data to measure the loss on");
    private static readonly Option<bool> Merge = new("--merge") { Description = "write an add-on and its backbone as one folder" };
    private static readonly Option<bool> Json = new("--json") { Description = "print one JSON object at the end" };

    public static Command Create()
    {
        var command = new Command("convert", "Add streams to a plain model")
        {
            Model, Output, Streams, PrefixTokens, Smooth, Init, PrefixDeviation, Seed, Data, DataTokens, Merge, Json,
        };
        command.SetAction(Run);
        return command;
    }

    /// <summary><c>--init</c>, which <c>train</c> has as well.</summary>
    public static Option<string> InitOption()
    {
        var option = new Option<string>("--init")
        {
            DefaultValueFactory = _ => "keep",
            Description = "keep: the model's output stays nearly the same; paper: new weights N(0, 0.02); text: prefixes are keys and values of --data",
        };
        option.AcceptOnlyFromAmong("keep", "paper", "text");
        return option;
    }

    private static int Run(ParseResult parse)
    {
        NativeTorch.Require();
        string model = new HubCache().Resolve(parse.GetRequiredValue(Model)), output = parse.GetRequiredValue(Output);
        ConvertReport report = parse.GetValue(Merge) ? Converter.Merge(model, output) : Converter.AddStreams(model, output, Options(parse));
        if (parse.GetValue(Json)) Console.WriteLine(report.ToJson());
        else Console.Error.WriteLine(Describe(report));
        return 0;
    }

    private static ConvertOptions Options(ParseResult parse)
    {
        var options = new ConvertOptions
        {
            Streams = parse.GetValue(Streams),
            PrefixTokens = parse.GetValue(PrefixTokens),
            Smoothing = parse.GetValue(Smooth),
            Init = Enum.Parse<StreamInit>(parse.GetRequiredValue(Init), ignoreCase: true),
            Seed = parse.GetValue(Seed),
            Prefixes = new PrefixStart(parse.GetValue(PrefixDeviation)),
            Text = parse.GetValue(Data) is { } path ? Corpus.Read(path) : null,
            MeasuredTokens = parse.GetValue(DataTokens),
        };
        if (options.Streams is < 2 or > LargestStreams) throw ParScaleException.Usage("TR-10", $"--streams must be 2 to {LargestStreams}");
        if (options.PrefixTokens is < 1 or > LargestPrefix) throw ParScaleException.Usage("TR-10", $"--prefix-tokens must be 1 to {LargestPrefix}");
        if (options.Smoothing is not (>= 0 and <= 1)) throw ParScaleException.Usage("TR-10", "--smooth must be 0 to 1");
        if (options.Prefixes.Deviation is not (> 0 and < double.PositiveInfinity)) throw ParScaleException.Usage("TR-10", "--prefix-std must be above 0");
        if (options.Init != StreamInit.Paper && options.Prefixes != PrefixStart.Published) throw ParScaleException.Usage("TR-10", "--prefix-std needs --init paper");
        if (options.MeasuredTokens < 2) throw ParScaleException.Usage("TR-10", "--data-tokens must be 2 or more");
        return options;
    }

    private static string Describe(ConvertReport report)
    {
        string loss = report.LossBefore is null ? "" : string.Create(CultureInfo.InvariantCulture,
            $"; loss {report.LossBefore:F4} -> {report.LossAfter:F4} ({report.JumpPercent:+0.00;-0.00} %)");
        return string.Create(CultureInfo.InvariantCulture,
            $"{report.Folder}: {report.Streams} streams, {report.ParametersAdded} parameters added{loss}");
    }

    private static Option<T> Number<T>(string name, T value, string description) =>
        new(name) { DefaultValueFactory = _ => value, Description = description };
}
