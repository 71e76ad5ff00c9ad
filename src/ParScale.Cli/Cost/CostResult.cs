using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Cost;

/// <summary>The JSON of <c>parscale cost</c>. Bytes, milliseconds.</summary>
/// <param name="Device">Where it would run.</param>
/// <param name="Batch">Sequences at the same time.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Output">Tokens generated after it.</param>
/// <param name="Kv">Format of keys and values beside each format of the weights.</param>
/// <param name="Rows">One for every model, format and number of streams.</param>
/// <param name="Increases">What streams add, and what the plain model of equal loss would add; empty unless asked for.</param>
internal sealed record CostResult(
    DeviceFigures Device, int Batch, int Prompt, int Output, IReadOnlyDictionary<string, string> Kv,
    IReadOnlyList<CostRow> Rows, IReadOnlyList<CostIncrease> Increases);

/// <summary>A machine's figures. G is 1e9; multiply-adds count once.</summary>
/// <param name="Name">As given to <c>--device</c>.</param>
/// <param name="Title">The name to print.</param>
/// <param name="Source">Where the figures are from.</param>
/// <param name="MemoryBytes">Memory it has.</param>
/// <param name="ReadGbS">Reading memory at best.</param>
/// <param name="F32GmacS">float32 multiply-adds at best.</param>
/// <param name="Bf16GmacS">bfloat16 multiply-adds at best.</param>
/// <param name="Int8GmacS">8-bit multiply-adds at best.</param>
/// <param name="ReadEfficiency">Share of the reading that is reached.</param>
/// <param name="ComputeEfficiency">Share of the multiply-adds that is reached.</param>
/// <param name="Products">What the product kernels were measured to do, where they were; these then count instead of the multiply-adds at best.</param>
/// <param name="ProductEfficiency">Share of these that a whole pass reaches.</param>
/// <param name="DispatchUs">Microseconds of each shader; 0 where none is counted.</param>
/// <param name="LayerDispatches">Shaders of a layer.</param>
/// <param name="PassDispatches">Those of a pass beside its layers.</param>
internal sealed record DeviceFigures(
    string Name, string Title, string Source, double MemoryBytes, double ReadGbS, double F32GmacS, double Bf16GmacS, double Int8GmacS,
    double ReadEfficiency, double ComputeEfficiency, IReadOnlyList<ProductFigure> Products,
    double ProductEfficiency, double DispatchUs, int LayerDispatches, int PassDispatches)
{
    public static DeviceFigures From(Device device) => new(
        device.Name, device.Title, device.Source, device.MemoryBytes, device.ReadRate / 1e9, device.Float32Rate / 1e9, device.Bf16Rate / 1e9,
        device.Int8Rate / 1e9, device.ReadEfficiency, device.ComputeEfficiency,
        [.. device.Products?.Points.Select(ProductFigure.From) ?? []], device.ProductEfficiency,
        device.DispatchSeconds * 1e6, device.LayerDispatches, device.PassDispatches);
}

/// <summary>What streams add to a model, beside what more parameters would.</summary>
/// <param name="Model">The model.</param>
/// <param name="Streams">P.</param>
/// <param name="Dtype">Format of its weights.</param>
/// <param name="Twin">The plain model of equal loss.</param>
/// <param name="MemoryRatio">Memory that the twin adds over memory that the streams add.</param>
/// <param name="LatencyRatio">The same for prompts and output together.</param>
internal sealed record CostIncrease(string Model, int Streams, string Dtype, string Twin, double MemoryRatio, double LatencyRatio);
