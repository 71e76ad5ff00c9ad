using System.CommandLine;
using ParScale.Benchmarking;
using ParScale.Cli.Commands;
using ParScale.Cli.Cost;
using ParScale.Cli.DeviceBench;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.Plots;
using ParScale.Vulkan;

namespace ParScale.Cli.Bench;

/// <summary><c>parscale bench</c>: how fast models of a shape run here, beside what the machine could do at best.</summary>
internal sealed class BenchCommand : ExampleCommand
{
    private readonly BenchOptions _options = new();
    private readonly ComputeDeviceOption _device = new();
    private readonly Option<BenchFormat?> _format = BenchFormats.CreateOption();
    private readonly Option<string?> _plot = new("--plot")
    {
        Description = "Plot milliseconds per token over P, with the floors, to an .svg file.",
        HelpName = "FILE",
        Arity = ArgumentArity.ExactlyOne,
    };

    public BenchCommand(Terminal terminal, CommonOptions common)
        : base("bench", "Measure decode and prefill times of a shape for several P and dtypes against this machine's measured limits. "
            + "Weights are random unless -m is given. Lists: 1,2,4 or 1-8 or 1-16*2.")
    {
        _options.AddTo(this);
        _device.AddTo(this);
        Options.Add(_format);
        Options.Add(_plot);
        SetAction(parse => Run(parse, terminal, parse.GetValue(common.Json)));
    }

    public override string Example => """
          parscale bench --shape 1.8B --streams 1,2,4,8 --dtype q8
          parscale bench --shape 0.7B --streams 1-16*2 --dtype q8,bf16 --context 64,2048 -r 10 --plot bench.svg
          parscale bench --streams 8 --batch 1+2+5,8x1
          parscale bench -m my-model --prompt 128 -o csv > bench.csv
          parscale bench --device vulkan --streams 1,8 --dtype q8,q4,bf16
        """;

    private int Run(ParseResult parse, Terminal terminal, bool json)
    {
        BenchFormat format = parse.GetValue(_format) ?? (json ? BenchFormat.Json : BenchFormat.Md);
        if (json && format != BenchFormat.Json) throw ParScaleException.Usage("CL-02", "--json and -o contradict each other; give one of them");
        BenchmarkPlan plan = _options.Read(parse, terminal);
        string? plot = BenchPlot.Check(parse.GetValue(_plot));
        ComputeDevice device = _device.Find(parse);
        if (device is VulkanComputeDevice && plot is not null)
            throw ParScaleException.Usage("CL-02", "--plot draws the floors of the CPU; leave out --plot or --device");

        using var interrupt = new Interrupt(terminal.Cancellation);
        using var progress = new BenchProgress(terminal);
        if (device is VulkanComputeDevice vulkan)
        {
            DeviceBenchResult onDevice = new DeviceBenchRun(plan, vulkan, progress, interrupt.Token).Run();
            progress.Dispose();
            if (format == BenchFormat.Json) terminal.WriteJson(onDevice, CliJson.Readable.DeviceBenchResult);
            else DeviceBenchTable.Write(onDevice, format, terminal.Out);
            return 0;
        }
        using var run = new BenchmarkRun(plan, progress, interrupt.Token);
        BenchmarkResult measured = run.Run();
        progress.Dispose();

        BenchResult result = Describe(measured, plan);
        if (plot is not null) PictureFile.Write(plot, BenchPlot.Draw(result));
        if (format == BenchFormat.Json) terminal.WriteJson(result, CliJson.Readable.BenchResult);
        else BenchTable.Write(result, format, terminal.Out);
        return 0;
    }

    private static BenchResult Describe(BenchmarkResult measured, BenchmarkPlan plan)
    {
        MachineInfo machine = MachineInfo.Here();
        return new BenchResult(
            new BenchMachine(machine.Processor, machine.Cores, plan.Threads, machine.MemoryBytes, machine.System, machine.Runtime, machine.Kernels),
            new BenchModelInfo(plan.Name, plan.ConfigFor(plan.Batches.Max(batch => batch.Streams.Max())).Parameters, plan.Folder is null),
            new BenchFloors(measured.Read.Median / 1e9, measured.Int8.Median / 1e9, measured.Float32.Median / 1e9)
            {
                ReadGbSBest = measured.Read.Most / 1e9,
                Int8GmacSBest = measured.Int8.Most / 1e9,
                F32GmacSBest = measured.Float32.Most / 1e9,
                Passes = measured.Read.Count,
                Products = [.. measured.Products.Select(floor => ProductFigure.From(ProductFigure.Measured(floor)))],
            },
            [.. measured.Rows.Select(row => BenchRow.From(row, plan, BenchPrediction.Of(row, plan, measured)))]);
    }
}
