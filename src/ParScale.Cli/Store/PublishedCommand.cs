using System.CommandLine;
using ParScale.Benchmarking;
using ParScale.Cli.Bench;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Planning;
using ParScale.Cli.Terminals;
using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Store;

/// <summary><c>parscale published</c>: the published checkpoints, what they need, and which of them fit this machine.</summary>
internal sealed class PublishedCommand : ExampleCommand
{
    private static readonly WeightDtype[] Formats = [WeightDtype.Bf16, WeightDtype.Q8, WeightDtype.Q4];

    private readonly Option<ModelShape[]?> _sizes = SizeList.CreatePublished("--size");
    private readonly Option<int[]?> _streams = NumberList.CreateOption("--streams", "Parallel streams P (default: 1,2,4,8).", 1, 8);
    private readonly Option<bool> _fits = CommonOptions.Flag("--fits", "Only those that fit the memory, in q4 at least.");
    private readonly Option<double?> _memory = QuantityOption.Create("--memory", "Memory to fit (default: this machine's).", Quantity.Bytes, "8GB");
    private readonly Option<int?> _context = NumberOption.Integer("--context",
        $"Tokens of the sequence that memory has to hold (default: {PublishedCheckpoints.Positions}).", 2, WorkOptions.MostTokens);

    public PublishedCommand(Terminal terminal, CommonOptions common)
        : base("published", "List the 67 published checkpoints: N, P, size of the download, memory in bf16, q8 and q4, and which of these fit. Needs no network.")
    {
        foreach (Option option in new Option[] { _sizes, _streams, _fits, _memory, _context }) Options.Add(option);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale published --fits
          parscale published --size 1.8B --streams 4,8
          parscale published --fits --memory 8GB --json
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        ModelShape[]? sizes = NumberList.Get(parse, _sizes);
        int[]? streams = NumberList.Get(parse, _streams);
        int context = parse.GetValue(_context) ?? PublishedCheckpoints.Positions;
        var machine = MachineInfo.Here();
        Device device = Devices.Unmeasured(machine.Processor, parse.GetValue(_memory) ?? machine.MemoryBytes);
        PublishedRow[] rows = [.. PublishedCheckpoints.All
            .Where(checkpoint => (sizes is null || sizes.Contains(checkpoint.Shape)) && (streams is null || streams.Contains(checkpoint.Streams)))
            .Select(checkpoint => Describe(checkpoint, device, context))
            .Where(row => !parse.GetValue(_fits) || row.Fits.Count > 0)];
        var result = new PublishedResult(device.MemoryBytes, context, rows);
        if (json) terminal.WriteJson(result, CliJson.Readable.PublishedResult);
        else WriteText(result, terminal.Out);
        return 0;
    }

    private static PublishedRow Describe(PublishedCheckpoint checkpoint, Device device, int context)
    {
        Dictionary<string, double> memory = Formats.ToDictionary(Figures.Format, format => checkpoint.MemoryBytes(format, device, context));
        return new PublishedRow
        {
            Name = checkpoint.Name,
            Size = checkpoint.Shape.Name,
            Parameters = checkpoint.Shape.NonEmbeddingParameters(checkpoint.Streams),
            TotalParameters = checkpoint.Shape.TotalParameters(checkpoint.Streams),
            Streams = checkpoint.Streams,
            Training = checkpoint.Training,
            DownloadBytes = checkpoint.DownloadBytes,
            MemoryBytes = memory,
            Fits = [.. memory.Where(pair => pair.Value <= device.MemoryBytes).Select(pair => pair.Key)],
        };
    }

    private static void WriteText(PublishedResult result, TextWriter output)
    {
        var table = new TextTable(["checkpoint", "N", "P", "download", .. Formats.Select(Figures.Format), "fits", "trained on"]);
        foreach (PublishedRow row in result.Checkpoints)
        {
            table.Add(
            [
                row.Name, Figures.Parameters(row.Parameters), $"{row.Streams}", Figures.Bytes(row.DownloadBytes),
                .. Formats.Select(format => Figures.Bytes(row.MemoryBytes[Figures.Format(format)])),
                row.Fits.Count == 0 ? "none" : string.Join(' ', row.Fits), row.Training,
            ]);
        }
        table.Write(output, names: 1, lastIsName: true);
        output.Write($"\n{result.Checkpoints.Count} of {PublishedCheckpoints.All.Count} published checkpoints; N: parameters without the embedding; memory: weights, the keys and "
            + $"values of one sequence of {Figures.Count(result.Context)} tokens, and the process; fits: {Figures.Bytes(result.MemoryBytes)}\n");
    }
}
