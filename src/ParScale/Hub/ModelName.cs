using System.Buffers;

namespace ParScale.Hub;

/// <summary>
/// The name of a model on the hub, <c>org/name</c> or <c>org/name@revision</c>, by the hub's own rules. Whatever passes is safe as part of a
/// URL and, on every system, as part of a path.
/// </summary>
public readonly record struct ModelName
{
    /// <summary>The branch that a name without a revision means.</summary>
    public const string DefaultRevision = "main";

    private const int LongestId = 96;
    private const int CommitLength = 40;
    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    private static readonly SearchValues<char> RevisionCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-+/");
    private static readonly SearchValues<char> CommitCharacters = SearchValues.Create("0123456789abcdef");

    private readonly string? _id;
    private readonly string? _revision;

    private ModelName(string id, string revision) => (_id, _revision) = (id, revision);

    /// <summary>Organization and name, <c>org/name</c>; empty for a name that was never read.</summary>
    public string Id => _id ?? "";

    /// <summary>A branch, a tag or a commit; <c>main</c> when the name has none.</summary>
    public string Revision => _revision ?? DefaultRevision;

    /// <summary>Whether the revision is a full commit hash, which always means the same files.</summary>
    public bool IsCommit => IsCommitHash(Revision);

    /// <summary>Reads a name.</summary>
    /// <exception cref="ParScaleException">It is malformed (HB-20).</exception>
    public static ModelName Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out ModelName name)
            ? name
            : throw ParScaleException.Usage("HB-20", $"{ParScaleException.Quote(text)} is not the name of a model; expected org/name or org/name@revision");
    }

    /// <summary>Reads a name; false when the text is none.</summary>
    public static bool TryParse(string? text, out ModelName name)
    {
        name = default;
        if (text is null) return false;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        string id = at < 0 ? text : text[..at];
        string revision = at < 0 ? DefaultRevision : text[(at + 1)..];
        if (!IsId(id) || !IsRevision(revision)) return false;
        name = new ModelName(id, revision);
        return true;
    }

    /// <summary>The same model at another revision.</summary>
    /// <exception cref="ParScaleException">The revision is malformed (HB-20).</exception>
    public ModelName At(string revision) => Parse($"{Id}@{revision}");

    /// <summary>As it is written: without the revision where that is <c>main</c>.</summary>
    public override string ToString() => Revision == DefaultRevision ? Id : $"{Id}@{Revision}";

    internal static bool IsCommitHash(string text) => text.Length == CommitLength && !text.AsSpan().ContainsAnyExcept(CommitCharacters);

    // "--" stands for "/" in the cache's folder names, so no name may hold it.
    private static bool IsId(string id)
    {
        string[] parts = id.Split('/');
        return parts.Length == 2 && id.Length <= LongestId && !id.Contains("--", StringComparison.Ordinal) && !id.Contains("..", StringComparison.Ordinal)
            && !id.EndsWith(".git", StringComparison.OrdinalIgnoreCase) && !id.EndsWith(".ipynb", StringComparison.OrdinalIgnoreCase)
            && parts.All(part => part.Length > 0 && !part.AsSpan().ContainsAnyExcept(IdCharacters) && part[0] is not ('-' or '.') && part[^1] is not ('-' or '.'));
    }

    private static bool IsRevision(string revision) =>
        !revision.AsSpan().ContainsAnyExcept(RevisionCharacters) && !revision.StartsWith('-') && HubPath.IsPortable(revision)
        && !revision.Split('/').Any(part => part.StartsWith('.') || part.EndsWith(".lock", StringComparison.OrdinalIgnoreCase));
}
