using ParScale.Text;
using ParScale.Training.Data;

namespace ParScale.Training.Inputs;

/// <summary>Tokenizers and models that runs start from, each read once for all runs that name it.</summary>
internal sealed class KnownInputs
{
    private readonly Dictionary<string, Tokenizer> _tokenizers = [];
    private readonly Dictionary<string, StartingPoint> _models = [];

    /// <exception cref="ParScaleException">The folder holds no tokenizer that loads.</exception>
    public Tokenizer Tokenizer(string folder)
    {
        if (!_tokenizers.TryGetValue(folder, out Tokenizer? known)) _tokenizers[folder] = known = TokenizerFolder.Load(folder);
        return known;
    }

    /// <exception cref="ParScaleException">The folder holds no float model that loads.</exception>
    public StartingPoint From(string folder)
    {
        if (!_models.TryGetValue(folder, out StartingPoint? known)) _models[folder] = known = StartingPoint.Open(folder);
        return known;
    }
}
