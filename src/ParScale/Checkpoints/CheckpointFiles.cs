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

    private CheckpointFiles(string mainFile) => MainFile = mainFile;

    /// <summary>The file to name when a tensor is in none: the single file or the index.</summary>
    public string MainFile { get; }

    public IReadOnlyDictionary<string, (SafetensorsFile File, TensorInfo Info)> Tensors => _tensors;

    public static CheckpointFiles Open(string folder, List<string> notices)
    {
        string single = Path.Combine(folder, SingleName);
        string index = Path.Combine(folder, IndexName);
        bool hasIndex = Path.Exists(index);
        if (!Path.Exists(single) && !hasIndex) throw NoWeights(folder);
        bool sharded = !Path.Exists(single);
        if (!sharded && hasIndex) notices.Add($"{IndexName} is ignored: {SingleName} is there too");
        var files = new CheckpointFiles(sharded ? index : single);
        try
        {
            if (sharded) files.OpenShards(folder, index);
            else files.Add(SafetensorsFile.Open(single));
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

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
            if (other._tensors.TryGetValue(name, out (SafetensorsFile File, TensorInfo Info) held)) Add(name, held);
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

    private void OpenShards(string folder, string index)
    {
        IReadOnlyDictionary<string, string> map = SafetensorsIndex.Read(index);
        string[] shards = [.. map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        foreach (string shard in shards)
        {
            if (!Path.Exists(Path.Combine(folder, shard)))
                throw ParScaleException.BadInput("ST-25", index,
                    $"names shard {ParScaleException.Quote(shard)}, which is not in the folder");
        }
        foreach (string shard in shards) Add(SafetensorsFile.Open(Path.Combine(folder, shard)));
        foreach ((string tensor, string shard) in map) RequireInShard(index, tensor, shard);
        string? unmapped = _tensors.Keys.FirstOrDefault(name => !map.ContainsKey(name));
        if (unmapped is null) return;
        throw ParScaleException.BadInput("ST-27", _tensors[unmapped].File.Path,
            $"tensor {ParScaleException.Quote(unmapped)} is not in the weight_map of {IndexName}");
    }

    private void RequireInShard(string index, string tensor, string shard)
    {
        bool found = _tensors.TryGetValue(tensor, out (SafetensorsFile File, TensorInfo Info) held);
        if (found && Path.GetFileName(held.File.Path) == shard) return;
        string actual = found ? $"it is in {ParScaleException.Quote(Path.GetFileName(held.File.Path))}" : "no shard holds it";
        throw ParScaleException.BadInput("ST-27", index,
            $"tensor {ParScaleException.Quote(tensor)} is mapped to {ParScaleException.Quote(shard)}, but {actual}");
    }

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        foreach ((string name, TensorInfo info) in file.Tensors) Add(name, (file, info));
    }

    private void Add(string name, (SafetensorsFile File, TensorInfo Info) held)
    {
        if (_tensors.TryAdd(name, held)) return;
        string other = Path.GetFileName(_tensors[name].File.Path);
        throw ParScaleException.BadInput("ST-27", held.File.Path,
            $"tensor {ParScaleException.Quote(name)} is also in {ParScaleException.Quote(other)}");
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
