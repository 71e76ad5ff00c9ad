using System.CommandLine;
using System.Globalization;
using ParScale;
using ParScale.LoadTest;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var tool = new Option<string>("--tool") { Description = "The built parscale.", Required = true };
var clients = new Option<int>("--clients") { Description = "Clients at once.", DefaultValueFactory = _ => 200 };
var seconds = new Option<int>("--seconds") { Description = "How long.", DefaultValueFactory = _ => 300 };
var requests = new Option<int>("--requests") { Description = "Requests that differ.", DefaultValueFactory = _ => 1000 };
var url = new Option<string>("--url") { Description = "The server.", Required = true };
var model = new Option<string?>("--model") { Description = "What requests name as their model." };
var counts = new Option<int[]>("--at-once") { Description = "Requests at once.", DefaultValueFactory = _ => [1, 8], AllowMultipleArgumentsPerToken = true };
var tokens = new Option<int>("--tokens") { Description = "New tokens of a request.", DefaultValueFactory = _ => 64 };
var rounds = new Option<int>("--rounds") { Description = "Rounds that are measured, after one that is not.", DefaultValueFactory = _ => 5 };
var output = new Option<string>("--output", "-o") { Description = "Where to write.", Required = true };

var root = new RootCommand("Load on servers of this repository.");
var soak = new Command("soak", "Many clients with P of 1, 2 and 4 on the embedded model: every answer must be that of its solo run.") { tool, clients, seconds, requests };
soak.SetAction(async (parse, _) =>
{
    SoakResult result = await Soak.Run(parse.GetValue(tool)!, EmbeddedModel.Folder(), parse.GetValue(clients), parse.GetValue(requests), TimeSpan.FromSeconds(parse.GetValue(seconds)));
    Console.WriteLine($"{result.Whole} whole, {result.Cut} left, {result.TurnedAway} turned away; {result.Wrong.Count} wrong, {result.Errors.Count} errors, {result.LeftBehind} left behind");
    Console.WriteLine($"memory {result.MemoryMiB[0]:F0} MiB at first, {result.MemoryMiB.Max():F0} at most, {result.MemoryMiB[^1]:F0} at last, last quarter over second {result.MemoryGrowth:F3}; exit code {result.ExitCode}");
    foreach (string line in result.Wrong.Concat(result.Errors).Take(10)) Console.WriteLine(line);
    return result.Wrong.Count + result.Errors.Count + result.LeftBehind == 0 ? 0 : 1;
});
var speed = new Command("speed", "Tokens a second with so many requests at once.") { url, model, counts, tokens, rounds };
speed.SetAction((parse, _) => Speed.Throughput(new Uri(parse.GetValue(url)!), parse.GetValue(model), parse.GetValue(counts)!, parse.GetValue(tokens), parse.GetValue(rounds)));
var overhead = new Command("overhead", "What HTTP and JSON cost: the embedded model over HTTP against the same in this process.") { tool };
overhead.SetAction((parse, _) => Speed.Overhead(parse.GetValue(tool)!));
var gateway = new Command("gateway", "What a gateway adds to the first token, and what is lost while one of three servers is killed every ten seconds.") { tool, seconds };
gateway.SetAction((parse, _) => GatewayRun.Run(parse.GetValue(tool)!, TimeSpan.FromSeconds(parse.GetValue(seconds))));
var write = new Command("model", "Writes a folder of the published 1.8B shape with random weights, to be quantised and served.") { output };
write.SetAction(parse => RandomFolder.Write(parse.GetValue(output)!));
foreach (Command command in new[] { soak, speed, overhead, gateway, write }) root.Subcommands.Add(command);
return await root.Parse(args).InvokeAsync();
