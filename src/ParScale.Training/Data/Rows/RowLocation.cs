namespace ParScale.Training.Data.Rows;

/// <summary>The place of a row in its file, and the errors that name it. What to do about them is told by whoever reads the rows.</summary>
internal readonly record struct RowLocation
{
    /// <summary>The most bytes of one row, or of a part of a text without a line end.</summary>
    public const int LongestRow = 64 << 20;

    private readonly string _file;
    private readonly string _place;

    private RowLocation(string file, string place) => (_file, _place) = (file, place);

    /// <summary>A line, counted from 1.</summary>
    public static RowLocation Line(string file, long number) => new(file, $"line {number}");

    /// <summary>A row of a table or of a JSON array, counted from 1.</summary>
    public static RowLocation Row(string file, long number) => new(file, $"row {number}");

    /// <summary>An error of a whole file, named with its folder: many files of a data set have the same name.</summary>
    public static ParScaleException FileError(string code, string file, string detail, Exception? inner = null) =>
        new(ErrorKind.BadInput, code, $"{ParScaleException.Quote(file)}: {detail}", inner);

    /// <summary>An error of this place; <paramref name="detail"/> tells what is wrong there.</summary>
    public ParScaleException Error(string code, string detail, Exception? inner = null) =>
        FileError(code, _file, $"{_place}: {detail}", inner);

    public ParScaleException TooLong() => Error("TD-05", $"is over {LongestRow >> 20} MiB, the most that one row may have");

    public ParScaleException NotUtf8() => Error("TD-04", "is not UTF-8");

    public ParScaleException Empty(string what) => Error("TD-16", $"{what} is empty");
}
