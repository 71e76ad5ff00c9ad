namespace ParScale.Text;

/// <summary>Everything a tokenizer file says, checked.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>The file it was read from.</summary>
    public required string File { get; init; }

    /// <summary>Whether text is brought to NFC before it is split.</summary>
    public required bool ComposeText { get; init; }

    /// <summary>How text is cut into words.</summary>
    public required SplitRule Split { get; init; }

    /// <summary>Whether a space is put before text that does not start with one.</summary>
    public required bool AddPrefixSpace { get; init; }

    /// <summary>Whether a word that is a token becomes that token, whatever the merges make of it.</summary>
    public required bool IgnoreMerges { get; init; }

    /// <summary>Token strings by id, added tokens included; null where no token has that id.</summary>
    public required string?[] Tokens { get; init; }

    /// <summary>Ids by token string, added tokens included.</summary>
    public required Dictionary<string, int> Ids { get; init; }

    /// <summary>Ids of the single bytes.</summary>
    public required ByteTokens Bytes { get; init; }

    /// <summary>The merges in order of rank.</summary>
    public required IReadOnlyList<(int Left, int Right, int Id)> Merges { get; init; }

    /// <summary>The added tokens, in the file's order.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>What the file asks for and does not get, one line each.</summary>
    public required IReadOnlyList<string> Notices { get; init; }
}
