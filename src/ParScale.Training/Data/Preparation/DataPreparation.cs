using System.Security.Cryptography;
using System.Text;
using ParScale.Files;
using ParScale.Generation;
using ParScale.Quantization;
using ParScale.Text;
using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Shards;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Data.Preparation;

/// <summary>
/// Text, JSONL and Parquet to a folder of token shards. The folder appears whole, by a rename; the same input and options give the same
/// bytes, whatever the number of threads.
/// </summary>
internal sealed class DataPreparation
{
    private readonly PreparationOptions _options;
    private readonly Tokenizer _tokenizer;
    private readonly DocumentEncoder _encoder;
    private readonly EncodingPipeline _pipeline;
    private readonly int _endOfText;
    private readonly ChatRenderer _chat;
    private readonly SkippedRows _skipped;
    private long _textBytes;

    /// <exception cref="ParScaleException">An option is wrong, the output is taken, or the tokenizer does not do.</exception>
    public DataPreparation(PreparationOptions options)
    {
        options.Validate();
        _options = options;
        _tokenizer = TokenizerFolder.Load(options.TokenizerFolder);
        _endOfText = _tokenizer.IdOf(options.EndOfText) ?? throw ParScaleException.BadInput("TD-15", Path.Combine(options.TokenizerFolder, "tokenizer.json"),
            $"has no token {ParScaleException.Quote(options.EndOfText)} to end documents with; name its own with --end-of-text");
        _chat = ChatRenderer.Load(options.TokenizerFolder, _tokenizer);
        _skipped = new SkippedRows(options.SkipBad, options.MaxBad);
        _encoder = new DocumentEncoder(_tokenizer, _endOfText);
        _pipeline = new EncodingPipeline(_encoder, options.Threads);
    }

    /// <exception cref="ParScaleException">A file or row is bad, or nothing is left.</exception>
    /// <exception cref="IOException">The output cannot be written; nothing is left behind.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> came; nothing is left behind.</exception>
    public PreparationReport Run(CancellationToken stop)
    {
        string[] files = SourceFiles.Find(_options.Data, _options.Include);
        string[] validationFiles = SourceFiles.Find(_options.ValidationData, _options.Include);
        string[] all = [.. files, .. validationFiles];
        var progress = new PreparationProgress(all.Any(Compression.IsPacked) ? null : all.Sum(file => new FileInfo(file).Length));
        using var output = new OutputFolder(_options.Output, _options.Force);
        TokenType type = _tokenizer.VocabularySize <= 1 << 16 ? TokenType.U16 : TokenType.U32;
        using var training = new SplitWriter(output.Path, "train", type, _options.ShardTokens);
        using var validation = new SplitWriter(output.Path, "validation", type, _options.ShardTokens);
        Convert(files, progress, ids => IsHeldOut(ids) ? validation : training, stop);
        Convert(validationFiles, progress, _ => validation, stop);
        progress.End();
        _skipped.RequireFew(training.Documents + validation.Documents, _options.Data[0]);
        RequireDocuments(training, validation);
        ShardIndex index = IndexOf(type, training.Complete(), validation.Complete());
        byte[] json = Encoding.UTF8.GetBytes(index.ToJson());
        DurableFile.Write(Path.Combine(output.Path, ShardIndex.FileName), json);
        output.Commit();
        if (_encoder.Spelled) Console.Error.WriteLine("note: the tokenizer has none of the control tokens of the chat template; they were spelled out as text");
        return Report(index, System.Convert.ToHexStringLower(SHA256.HashData(json)), progress.Seconds);
    }

    private void Convert(string[] files, PreparationProgress progress, Func<int[], SplitWriter> choose, CancellationToken stop)
    {
        (long documents, long tokens) = (0, 0);
        SplitWriter? split = null;
        foreach (EncodedRecord record in _pipeline.Run(files.SelectMany(Rows), stop))
        {
            if (record.Fault is { } fault) _skipped.Add(fault, record.Source.IsRow);
            if (record.Document is { } document)
            {
                RequirePacking(document);
                split ??= choose(document.Ids);
                split.Add(document.Ids, document.Learned);
                tokens += document.Ids.Length;
                _textBytes += document.TextBytes;
                if (document.Ends)
                {
                    split.EndDocument();
                    split = null;
                    documents++;
                }
            }
            progress.Advance(record.Source.Bytes, documents, tokens);
        }
    }

    /// <summary>Writes the first documents of the training data instead, a JSON object a line, as they would be learned.</summary>
    /// <exception cref="ParScaleException">A file or row is bad, or there is no document.</exception>
    public void Preview(int count, TextWriter to, bool inColour)
    {
        var preview = new DocumentPreview(_options.EndOfText, inColour);
        foreach (SourceRecord record in SourceFiles.Find(_options.Data, _options.Include).SelectMany(Rows))
        {
            try
            {
                if (preview.Add(record.Parse()) is not { } line) continue;
                to.WriteLine(line);
                if (--count == 0) return;
            }
            catch (ParScaleException fault)
            {
                _skipped.Add(fault, record.IsRow);
            }
        }
        if (preview.Documents == 0) throw RowLocation.FileError("TD-06", _options.Data[0], "has no usable document");
    }

    private IEnumerable<SourceRecord> Rows(string file) => SourceFiles.Source(file, _options.Format, _options.Fields, _chat).Read();

    // By what a document says, not by where it stands: of two that are equal none is learned and the other asked. A long one is known by its first piece.
    private bool IsHeldOut(int[] ids)
    {
        ulong hash = new SplitMix64(unchecked((ulong)_options.Seed)).NextUInt64();
        foreach (int id in ids) hash = new SplitMix64(hash ^ (uint)id).NextUInt64();
        return new SplitMix64(hash).NextDouble() < _options.ValidationFraction;
    }

    private void RequirePacking(EncodedDocument document)
    {
        if (_options.Packing == Packing.Cut && document.Learned.Length > 0)
            throw ParScaleException.Usage("TR-10", "--packing cut would part completions from their prompts; leave it out, or give --packing whole");
    }

    private void RequireDocuments(SplitWriter training, SplitWriter validation)
    {
        string first = _options.Data[0];
        long usable = training.Documents + validation.Documents;
        if (training.Documents == 0)
        {
            throw RowLocation.FileError(usable + _skipped.Count == 0 ? "TD-01" : "TD-06", first,
                $"{usable} usable documents of {usable + _skipped.Count}, none of them for training; give more data");
        }
        bool asked = _options.ValidationFraction > 0 || _options.ValidationData.Count > 0;
        if (!asked || validation.Documents > 0) return;
        throw RowLocation.FileError("TD-17", first,
            $"none of its {usable} documents fell to validation; raise --val-fraction, give --val-data, or cut texts into documents with --format lines");
    }

    private ShardIndex IndexOf(TokenType type, SplitEntry training, SplitEntry validation) => new()
    {
        Format = ShardIndex.Kind,
        Version = ShardIndex.NewestVersion,
        Tokenizer = _tokenizer.Fingerprint,
        VocabularySize = _tokenizer.VocabularySize,
        EndOfText = _endOfText,
        TokenType = type,
        Packing = _options.Packing ?? (training.IsMasked || validation.IsMasked ? Packing.Whole : Packing.Cut),
        Training = training,
        Validation = validation,
    };

    private PreparationReport Report(ShardIndex index, string hash, double seconds) => new(
        _options.Output, index.Training.Documents, index.Training.Tokens, index.Training.LearnedTokens,
        index.Validation.Documents, index.Validation.Tokens, index.Training.Shards.Count + index.Validation.Shards.Count, hash, _skipped.Count,
        index.Packing.ToString().ToLowerInvariant(), index.TokenType.ToString().ToLowerInvariant(),
        _textBytes, Math.Round(seconds, 2), Math.Round(_textBytes / 1e6 / Math.Max(seconds, 1e-9), 2));
}
