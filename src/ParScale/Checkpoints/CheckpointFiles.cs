using ParScale.Checkpoints.Safetensors;
namespace ParScale.Checkpoints;

/// <summary>The safetensors files of a model folder, and which of them holds which tensor.</summary>
internal sealed class CheckpointFiles : IDisposable
{
    private const string SingleName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";
    private static readonly string[] PickleSuffixes = [".bin", ".pt", ".pth", ".ckpt", ".pkl"];
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, TensorInfo Info)> _tensors = new(StringComparer.Ordinal);

    private readonly HashSet<string> _unopened = new(StringComparer.Ordinal);

    private CheckpointFiles(string mainFile) => MainFile = mainFile;

    /// <summary>The file to name when a tensor is in none: the single file or the index.</summary>
    public string MainFile { get; }

    public IReadOnlyDictionary<string, (SafetensorsFile File, TensorInfo Info)> Tensors => _tensors;

    /// <summary>The files themselves, in the order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>Whether anything is known of the tensors; false only where faults are kept and there are no weights, or no index that can be read.</summary>
    public bool IsKnown { get; private set; } = true;

    /// <summary>Whether nothing is behind the headers, because only those were fetched: then tensors are told by their names alone.</summary>
    public bool HeadersOnly { get; set; }

    /// <summary>Opens the files of a folder; those that cannot be opened are left out where faults are kept.</summary>
    /// <exception cref="ParScaleException">There are none, or one is malformed.</exception>
    public static CheckpointFiles Open(string folder, List<string> notices, Faults faults)
    {
        string single = Path.Combine(folder, SingleName);
        string index = Path.Combine(folder, IndexName);
        bool hasIndex = Path.Exists(index);
        if (!Path.Exists(single) && !hasIndex)
        {
            faults.Add(NoWeights(folder));
            return new CheckpointFiles(single) { IsKnown = false };
        }
        bool sharded = !Path.Exists(single);
        if (!sharded && hasIndex) notices.Add($"{IndexName} is ignored: {SingleName} is there too");
        var files = new CheckpointFiles(sharded ? index : single);
        try
        {
            files.IsKnown = faults.Try(() => sharded ? files.OpenShards(folder, index, faults) : files.Add(SafetensorsFile.Open(single), faults), false);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Whether a tensor is in a shard that could not be opened, which only the index tells; never where faults are thrown.</summary>
    public bool IsUnopened(string name) => _unopened.Contains(name);

    /// <summary>
    /// Finds a tensor that is not there by the name of its double: of several names of the same memory the safetensors library saves one,
    /// and keeps in the file's <c>__metadata__</c> which one each of the others is. From then on it is among <see cref="Tensors"/>.
    /// </summary>
    /// <returns>The name that it was saved under; null when the tensor is there, or no file knows it.</returns>
    public string? FindDouble(string name)
    {
        if (_tensors.ContainsKey(name)) return null;
        foreach (SafetensorsFile file in _files)
        {
            if (!file.Metadata.TryGetValue(name, out string? saved) || !_tensors.TryGetValue(saved, out (SafetensorsFile File, TensorInfo Info) held)) continue;
            _tensors.Add(name, (held.File, held.Info with { Name = name }));
            return saved;
        }
        return null;
    }

    /// <summary>Takes over the files of another folder; of their tensors only those of these names come along.</summary>
    public void Take(CheckpointFiles other, IEnumerable<(string Name, long[] Shape)> wanted)
    {
        _files.AddRange(other._files);
        foreach ((string name, _) in wanted)
        {
            if (other._tensors.TryGetValue(name, out (SafetensorsFile File, TensorInfo Info) held)) Add(name, held, Faults.Thrown);
        }
    }

    /// <summary>
    /// Adds the parts of tensors that are cut when they are loaded, under their own names: rows lie one after another, so that each part
    /// is a piece of the same bytes. The shapes were checked.
    /// </summary>
    public void Cut(IEnumerable<StoredTensor> table)
    {
        foreach (StoredTensor whole in table.Where(tensor => tensor.Parts.Count > 0))
        {
            (SafetensorsFile file, TensorInfo info) = _tensors[whole.Name];
            long offset = info.Offset;
            foreach (StoredTensor part in whole.Parts)
            {
                long bytes = TensorSize.Bytes(info.Type, part.Shape);
                _tensors[part.Name] = (file, new TensorInfo(part.Name, info.Type, part.Shape, offset, bytes));
                offset += bytes;
            }
        }
    }

    public void Dispose()
    {
        foreach (SafetensorsFile file in _files) file.Dispose();
    }

    private bool OpenShards(string folder, string index, Faults faults)
    {
        IReadOnlyDictionary<string, string> map = SafetensorsIndex.Read(index);
        string[] shards = [.. map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        HashSet<string> opened = [.. shards.Where(shard => Path.Exists(Path.Combine(folder, shard)))];
        foreach (string shard in shards.Where(shard => !opened.Contains(shard)))
        {
            faults.AddOneOf("missing shard", () => ParScaleException.BadInput("ST-25", index,
                $"names shard {ParScaleException.Quote(shard)}, which is not in the folder"));
        }
        opened.RemoveWhere(shard => !faults.Try(() => Add(SafetensorsFile.Open(Path.Combine(folder, shard)), faults), false));
        foreach ((string tensor, string shard) in map)
        {
            if (opened.Contains(shard)) faults.Try(() => RequireInShard(index, tensor, shard));
            else _unopened.Add(tensor);
        }
        foreach (string unmapped in _tensors.Keys.Where(name => !map.ContainsKey(name)))
        {
            faults.AddOneOf("unmapped tensor", () => ParScaleException.BadInput("ST-27", _tensors[unmapped].File.Path,
                $"tensor {ParScaleException.Quote(unmapped)} is not in the weight_map of {IndexName}"));
        }
        return true;
    }

    private void RequireInShard(string index, string tensor, string shard)
    {
        bool found = _tensors.TryGetValue(tensor, out (SafetensorsFile File, TensorInfo Info) held);
        if (found && Path.GetFileName(held.File.Path) == shard) return;
        string actual = found ? $"it is in {ParScaleException.Quote(Path.GetFileName(held.File.Path))}" : "no shard holds it";
        throw ParScaleException.BadInput("ST-27", index,
            $"tensor {ParScaleException.Quote(tensor)} is mapped to {ParScaleException.Quote(shard)}, but {actual}");
    }

    private bool Add(SafetensorsFile file, Faults faults)
    {
        _files.Add(file);
        foreach ((string name, TensorInfo info) in file.Tensors) Add(name, (file, info), faults);
        return true;
    }

    private void Add(string name, (SafetensorsFile File, TensorInfo Info) held, Faults faults)
    {
        if (_tensors.TryAdd(name, held)) return;
        string other = Path.GetFileName(_tensors[name].File.Path);
        faults.AddOneOf($"twice {held.File.Path}", () => ParScaleException.BadInput("ST-27", held.File.Path,
            $"tensor {ParScaleException.Quote(name)} is also in {ParScaleException.Quote(other)}"));
    }

    private static ParScaleException NoWeights(string folder)
    {
        string? pickle = Directory.EnumerateFiles(folder).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)
            .FirstOrDefault(name => PickleSuffixes.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase));
        if (pickle is not null) return ParScaleException.BadInput("ST-30", pickle, "pickle is not read; convert to safetensors");
        return ParScaleException.BadInput("ST-25", SingleName,
            $"is not in folder {ParScaleException.Quote(folder)}, nor is {IndexName}; fetch the weights");
    }
}
