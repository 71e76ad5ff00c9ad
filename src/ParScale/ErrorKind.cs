namespace ParScale;

/// <summary>What went wrong, as the exit code that the command-line tools return for it.</summary>
public enum ErrorKind
{
    /// <summary>A flag or argument is wrong.</summary>
    Usage = 2,

    /// <summary>An input file is missing, malformed or does not fit the others.</summary>
    BadInput = 3,

    /// <summary>Reading or writing failed, or no space is left.</summary>
    Io = 4,

    /// <summary>The network or a model hub failed.</summary>
    Network = 5,

    /// <summary>A stored hash does not match the bytes.</summary>
    HashMismatch = 6,

    /// <summary>The work would need more memory than there is; refused before it starts.</summary>
    NotEnoughMemory = 7,
}
