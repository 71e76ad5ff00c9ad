namespace ParScale.Training.Data.Sources;

/// <summary>The place of a row, and the errors that name it.</summary>
internal readonly record struct RowFault(string File, string Place)
{
    /// <summary>The most bytes of one row, or of a part of a text without a line end.</summary>
    public const int LongestRow = 64 << 20;

    public static RowFault Line(string file, long number) => new(file, $"line {number}");

    public static RowFault Row(string file, long number) => new(file, $"row {number}");

    public ParScaleException Is(string code, string detail, Exception? inner = null) =>
        OfFile(code, File, $"{Place}: {detail}; fix it, or give --skip-bad", inner);

    /// <summary>An error of a whole file, named with its folder: many files of a data set have the same name.</summary>
    public static ParScaleException OfFile(string code, string file, string detail, Exception? inner = null) =>
        new(ErrorKind.BadInput, code, $"{ParScaleException.Quote(file)}: {detail}", inner);

    public ParScaleException TooLong() => Is("TD-05", $"is over {LongestRow >> 20} MiB, the most that one row may have");

    public ParScaleException NotUtf8() => Is("TD-04", "is not UTF-8");

    public ParScaleException Empty(string what) => Is("TD-16", $"{what} is empty");
}
