using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Cli.Commands;

/// <summary><c>parscale quantize</c>: writes a folder whose weights take 8 or 4 bits.</summary>
internal sealed class QuantizeCommand : ExampleCommand
{
    private const int WorstShown = 3;

    private readonly ModelFolderOption _model = new();
    private readonly Option<WeightDtype> _type = new("--dtype")
    {
        Description = "Format of the new weights.",
        HelpName = "q8|q4",
        Arity = ArgumentArity.ExactlyOne,
        Required = true,
        CustomParser = ParseType,
    };
    private readonly Option<string> _output = new("--output", "-o")
    {
        Description = "Output folder; it appears when it is complete.",
        HelpName = "FOLDER",
        Arity = ArgumentArity.ExactlyOne,
        Required = true,
    };
    private readonly Option<bool> _force = CommonOptions.Flag("--force", "Replace an existing quantised folder.");

    public QuantizeCommand(Terminal terminal, CommonOptions common)
        : base("quantize", "Write a model with 8-bit or 4-bit weights: smaller, faster to load and to run. Every command reads the new folder.")
    {
        _model.AddTo(this);
        Options.Add(_type);
        Options.Add(_output);
        Options.Add(_force);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale quantize -m my-model --dtype q8 -o my-model-q8
          parscale generate -m my-model-q8 -p "Once upon a time"
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        string source = _model.Read(parse, terminal) ?? EmbeddedModel.Folder();
        string target = parse.GetRequiredValue(_output);
        var clock = Stopwatch.StartNew();
        QuantizeReport report;
        using (var interrupt = new Interrupt(terminal.Cancellation))
        using (var progress = new ShareProgress(terminal, "quantising"))
            report = Quantizer.Run(source, target, parse.GetValue(_type), parse.GetValue(_force), progress, interrupt.Token);
        QuantizeResult result = Describe(report, target, clock.Elapsed);
        if (json) terminal.WriteJson(result, CliJson.Readable.QuantizeResult);
        else WriteText(result, terminal.Out);
        return 0;
    }

    private static QuantizeResult Describe(QuantizeReport report, string target, TimeSpan time) => new()
    {
        Folder = target,
        Dtype = QuantizedFolder.Name(report.Type),
        SourceBytes = report.SourceBytes,
        Bytes = report.Bytes,
        Ratio = (double)report.SourceBytes / report.Bytes,
        Seconds = time.TotalSeconds,
        MeanRelativeError = report.Errors.Average(tensor => tensor.RelativeError),
        WorstRelativeError = report.Errors.Max(tensor => tensor.RelativeError),
        Tensors = [.. report.Errors.Select(tensor => new QuantizedTensor(tensor.Name, QuantizedFolder.Name(tensor.Type), tensor.RelativeError))],
    };

    private static void WriteText(QuantizeResult result, TextWriter output)
    {
        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

        Line($"{result.Folder}: {result.Dtype}, {result.Bytes:N0} bytes from {result.SourceBytes:N0} ({result.Ratio:F2} times smaller) in {result.Seconds:F1} s");
        Line($"relative error of {result.Tensors.Count} matrices: mean {result.MeanRelativeError:F5}, worst {result.WorstRelativeError:F5}");
        foreach (QuantizedTensor tensor in result.Tensors.OrderByDescending(tensor => tensor.RelativeError).Take(WorstShown))
            Line($"  {tensor.RelativeError:F5}  {tensor.Dtype}  {tensor.Name}");
    }

    private static WeightDtype ParseType(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (text is not ("q8" or "q4")) result.AddError($"--dtype needs q8 or q4, not {ParScaleException.Quote(text)}");
        return text == "q4" ? WeightDtype.Q4 : WeightDtype.Q8;
    }
}
