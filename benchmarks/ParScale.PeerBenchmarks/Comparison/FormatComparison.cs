using System.Globalization;
using System.Text.Json;
using ParScale.PeerBenchmarks.Gguf;
using ParScale.PeerBenchmarks.Peer;

namespace ParScale.PeerBenchmarks.Comparison;

/// <summary>The rounds of one format: our bench and llama.cpp in turn, each in a process of its own, so that neither's threads disturb the other.</summary>
internal sealed class FormatComparison(CompareOptions options, string format, string parscale, Action<string> log)
{
    private const string Avx512 = "avx512";

    // One build takes most of a minute for a prompt; it is repeated only until this time is over.
    private const double PromptSeconds = 30;

    private readonly List<OwnFigures> _own = [], _ownPrompts = [];
    private readonly List<PeerFigures> _peer = [];

    /// <summary>q8 or q4.</summary>
    public string Format => format;

    /// <summary>Our steps, a round each.</summary>
    public IReadOnlyList<OwnFigures> Own => _own;

    /// <summary>llama.cpp, a round each, by the build that was loaded.</summary>
    public IEnumerable<IGrouping<string, PeerFigures>> Peers => _peer.GroupBy(figures => figures.Library);

    /// <summary>Our prompts, tokens a second.</summary>
    public IEnumerable<double> OwnPrompts => _ownPrompts.SelectMany(figures => figures.Rows).Select(row => row.PromptTokensS).OfType<double>();

    /// <summary>Does them all.</summary>
    public void Run()
    {
        string folder = Directory.CreateTempSubdirectory("parscale-peers-").FullName;
        try
        {
            string model = Path.Combine(folder, $"{format}.gguf");
            log($"{format}: writes a random model");
            RandomGguf.Write(model, options.Shape, format);
            for (int round = 1; round <= options.Rounds; round++)
            {
                log($"{format}: round {round} of {options.Rounds}");
                _own.Add(Bench(string.Join(',', options.Streams), prompt: 0, options.Steps));
                if (options.Prompt > 0) _ownPrompts.Add(Bench("1", options.Prompt, steps: 1));
                PeerFigures best = Llama(model, options.Avx2);
                _peer.Add(best);
                // The build for more instructions is not always the faster one.
                if (best.Library.Contains(Avx512, StringComparison.Ordinal)) _peer.Add(Llama(model, avx2: true));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private OwnFigures Bench(string streams, int prompt, int steps) => OwnFigures.Read(ChildProcess.Output(
        parscale,
        ["bench", "--shape", options.Shape.Name, "--dtype", format, "--streams", streams, "--context", Text(options.Context),
            "--prompt", Text(prompt), "-n", Text(steps), "-r", "1", "-q", "--json"],
        options.Avx2 ? [("DOTNET_EnableAVX512", "0"), ("PARSCALE_TIER", "avx2")] : []));

    private PeerFigures Llama(string model, bool avx2)
    {
        double spent = _peer.Where(figures => figures.Library.Contains(Avx512, StringComparison.Ordinal) != avx2).SelectMany(figures => figures.PromptTokensS)
            .Sum(speed => options.Prompt / speed);
        var plan = new PeerPlan(options.Streams, options.Context, options.Steps, spent > PromptSeconds ? 0 : options.Prompt, Environment.ProcessorCount, avx2);
        string json = ChildProcess.Output(Environment.ProcessPath!, ["peer", model, JsonSerializer.Serialize(plan)], []);
        return JsonSerializer.Deserialize<PeerFigures>(json) ?? throw new InvalidOperationException("llama.cpp printed no figures");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
