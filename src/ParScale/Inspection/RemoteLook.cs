using System.Globalization;
using ParScale.Files;
using ParScale.Hub;
using ParScale.Hub.Transfer;
using ParScale.Store;

namespace ParScale.Inspection;

/// <summary>
/// Makes a folder that looks like a model of the hub without its weights: the small files, the headers of the weight files, and of all
/// others the names. A folder of 100 GB becomes some megabytes.
/// </summary>
internal static class RemoteLook
{
    private const int Parallel = 4;
    private const int MostNames = 10_000;
    private static readonly string[] Cards = ["README.md", "LICENSE", FolderKind.AdapterFile, "model_index.json"];

    /// <summary>Fetches it.</summary>
    /// <param name="client">The hub.</param>
    /// <param name="name">The model.</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="note">Told how much is fetched.</param>
    /// <param name="cancellation">Ends the fetch.</param>
    /// <exception cref="ParScaleException">The hub refuses or fails.</exception>
    public static async Task FetchAsync(HubClient client, ModelName name, string folder, Action<string> note, CancellationToken cancellation)
    {
        (HubPlan plan, IReadOnlyList<string> listed) = await client.PlanLookAsync(name, Cards, cancellation).ConfigureAwait(false);
        PartReader reader = client.Parts(plan);
        HubFile[] weights = [.. plan.Files.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal))];
        long small = plan.Files.Except(weights).Sum(file => file.Bytes);
        note(string.Create(CultureInfo.InvariantCulture, $"looking at {name} on {client.Endpoint.Host}: {small / 1e6:F1} MB, and the headers of {weights.Length} weight files"));
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation };
        await System.Threading.Tasks.Parallel.ForEachAsync(plan.Files, options, async (file, stop) =>
        {
            string path = Path.Combine(folder, file.Path.Replace('/', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (weights.Contains(file)) await PartialWeights.WriteHeaderAsync(reader, file, path, stop).ConfigureAwait(false);
            else await File.WriteAllBytesAsync(path, await reader.ReadWholeAsync(file, stop).ConfigureAwait(false), stop).ConfigureAwait(false);
        }).ConfigureAwait(false);
        foreach (string other in listed.Where(PortableName.IsPortable).Take(MostNames))
        {
            string path = Path.Combine(folder, other);
            if (!Path.Exists(path)) await File.WriteAllBytesAsync(path, [], cancellation).ConfigureAwait(false);
        }
    }
}
