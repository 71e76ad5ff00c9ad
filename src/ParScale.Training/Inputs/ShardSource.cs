using ParScale.Text;
using ParScale.Training.Configuration;
using ParScale.Training.Data.Order;
using ParScale.Training.Data.Shards;
using ParScale.Training.Evaluation;

namespace ParScale.Training.Inputs;

/// <summary>A folder of shards, which says itself what is held out.</summary>
internal sealed class ShardSource(string folder, Tokenizer tokenizer) : IRunSource
{
    private const int SampleTokens = 1 << 20;

    private readonly ShardFolder _shards = ShardFolder.Open(folder, tokenizer);

    public string Sha256 => _shards.Hash;

    public RunData Cut(TrainingOptions options, Tokenizer tokenizer)
    {
        if (_shards.Index.VocabularySize > tokenizer.VocabularySize)
        {
            throw new ParScaleException(ErrorKind.BadInput, "TD-07",
                $"the shards have ids up to {_shards.Index.VocabularySize - 1}, but --tokenizer only {tokenizer.VocabularySize} tokens; run parscale-train data again");
        }
        if (_shards.Index.Training.LearnedTokens == 0)
        {
            throw new ParScaleException(ErrorKind.BadInput, "TD-10",
                $"all {_shards.Training.Tokens} tokens of the shards are only read, none is learned: the loss would be 0 / 0; give data with answers");
        }
        var order = new ShardOrder(_shards.Training, _shards.Index.Packing, options.Context, options.Seed);
        IHeldOut heldOut = HeldOut(tokenizer, options.Context, options.ValidationFraction);
        Tell(order.LeftOut, _shards.Training.Documents, "training");
        long[] sample = new long[Math.Min(SampleTokens, _shards.Training.Tokens)];
        _shards.Training.Read(0, sample);
        return new RunData(order, heldOut, Array.ConvertAll(sample, id => (int)id));
    }

    public IHeldOut HeldOut(Tokenizer tokenizer, int context, double fraction)
    {
        var heldOut = new HeldOutShards(_shards, tokenizer, context);
        Tell(heldOut.LeftOut, _shards.Validation.Documents, "validation");
        return heldOut;
    }

    public void Dispose() => _shards.Dispose();

    private static void Tell(long leftOut, long documents, string part)
    {
        if (leftOut > 0) Console.Error.WriteLine($"note: {leftOut} of {documents} documents for {part} are longer than --context and are left out");
    }
}
