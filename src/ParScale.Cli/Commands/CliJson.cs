using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ParScale.Cli.Bench;
using ParScale.Cli.Chat;
using ParScale.Cli.Cost;
using ParScale.Cli.DeviceBench;
using ParScale.Cli.Law;
using ParScale.Cli.Parsing;
using ParScale.Cli.Planning;
using ParScale.Cli.Serving;
using ParScale.Cli.Store;

namespace ParScale.Cli.Commands;

/// <summary>How results become JSON: snake_case names, text left readable, numbers that read back to the same bits.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(GenerateResult))]
[JsonSerializable(typeof(ChatResult))]
[JsonSerializable(typeof(LogitsOutput))]
[JsonSerializable(typeof(ScoreOutput))]
[JsonSerializable(typeof(EvalResult))]
[JsonSerializable(typeof(TokenizeResult))]
[JsonSerializable(typeof(DetokenizeResult))]
[JsonSerializable(typeof(InspectResult))]
[JsonSerializable(typeof(QuantizeResult))]
[JsonSerializable(typeof(BenchResult))]
[JsonSerializable(typeof(DeviceBenchResult))]
[JsonSerializable(typeof(DevicesResult))]
[JsonSerializable(typeof(LawFitResult))]
[JsonSerializable(typeof(LawPredictResult))]
[JsonSerializable(typeof(LawEquivalentResult))]
[JsonSerializable(typeof(LawPlotResult))]
[JsonSerializable(typeof(CostResult))]
[JsonSerializable(typeof(PaperCostResult))]
[JsonSerializable(typeof(PlanReport))]
[JsonSerializable(typeof(PullResult))]
[JsonSerializable(typeof(ListResult))]
[JsonSerializable(typeof(RemoveResult))]
[JsonSerializable(typeof(VerifyResult))]
[JsonSerializable(typeof(PublishedResult))]
[JsonSerializable(typeof(VersionResult))]
[JsonSerializable(typeof(ServeResult))]
[JsonSerializable(typeof(GatewayResult))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>The context to use; standard output is never HTML, so quotes and letters need no escapes beyond JSON's own.</summary>
    public static CliJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
