using System.Text.Json;
using ParScale.PeerBenchmarks.Comparison;
using ParScale.PeerBenchmarks.Gguf;
using ParScale.PeerBenchmarks.Peer;
using ParScale.ScalingLaws.Cost;

// The first form is a process that this program starts for itself.
if (args is ["peer", var model, var plan])
{
    var peer = new PeerRun(model, JsonSerializer.Deserialize<PeerPlan>(plan)!);
    Console.WriteLine(JsonSerializer.Serialize(peer.Run()));
    return 0;
}
// A file for other programs of llama.cpp: scripts/gpu-check.sh.
if (args is ["gguf", var shape, var kind and ("q8" or "q4"), var file] && PublishedShapes.Find(shape) is { } published)
{
    RandomGguf.Write(file, published, kind);
    return 0;
}
if (args is not ["compare", var parscale, .. var rest])
{
    Console.Error.WriteLine(CompareOptions.Usage);
    return 2;
}
try
{
    var options = CompareOptions.Parse(rest);
    List<FormatComparison> formats = [.. options.Formats.Select(format => new FormatComparison(options, format, parscale, Console.Error.WriteLine))];
    foreach (FormatComparison format in formats) format.Run();
    ComparisonTable.Write(options, formats, Console.Out);
    return 0;
}
catch (FormatException error)
{
    Console.Error.WriteLine($"compare-peers: {error.Message}\n{CompareOptions.Usage}");
    return 2;
}
