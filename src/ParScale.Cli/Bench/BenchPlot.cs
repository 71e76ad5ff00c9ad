using System.Globalization;
using System.Text;
using ParScale.Files;

namespace ParScale.Cli.Bench;

/// <summary>
/// Milliseconds per token over P as an SVG file: one line a dtype and context, the floor (reading or products) dashed under it. Written by hand: a
/// plotting library would bring hundreds of megabytes of native code to a tool that has none.
/// </summary>
internal sealed class BenchPlot
{
    private const int Width = 1000, Height = 640, Left = 90, Right = 30, Top = 70, Bottom = 80, LegendLine = 24;
    private const double RoomAbove = 1.1, RoomBeside = 0.25;

    // From dark to light, so that they stay apart in grey; markers tell them apart too.
    private static readonly string[] Colors = ["#14213d", "#9d2c2c", "#1f7a8c", "#c98410", "#7a9e3a", "#a58cc0"];

    private readonly StringBuilder _svg = new();
    private readonly BenchResult _result;
    private readonly List<IGrouping<(string Dtype, string Kv, int Context), BenchRow>> _lines;
    private readonly int[] _streams;
    private readonly double _most;
    private readonly double _step;

    private BenchPlot(BenchResult result)
    {
        _result = result;
        _lines = [.. result.Rows.GroupBy(row => (row.Dtype, row.Kv, row.Context))];
        _streams = [.. result.Rows.Select(row => row.Streams).Distinct().Order()];
        double largest = result.Rows.Max(row => Math.Max(row.DecodeMs, row.RooflineMs)) * RoomAbove;
        _step = RoundStep(largest / 6);
        _most = Math.Ceiling(largest / _step) * _step;
    }

    private const int PlotBottom = Height - Bottom;

    private int PlotTop => Top + LegendLine * ((_lines.Count + 2) / 2);

    /// <summary>Refuses a file that could not be drawn, before anything is measured.</summary>
    public static string? Check(string? file)
    {
        if (file is null) return null;
        string name = ParScaleException.Quote(file);
        if (!file.EndsWith(".svg", StringComparison.OrdinalIgnoreCase)) throw ParScaleException.Usage("CL-02", $"--plot needs a file that ends in .svg, not {name}");
        if (Directory.Exists(file)) throw ParScaleException.Usage("CL-02", $"--plot {name} is a folder; give a file that ends in .svg");
        if (!Directory.Exists(Path.GetDirectoryName(SystemPath.Full(file)))) throw ParScaleException.Usage("CL-02", $"--plot {name}: there is no such folder");
        return file;
    }

    /// <summary>The drawing of all rows.</summary>
    public static string Draw(BenchResult result)
    {
        var plot = new BenchPlot(result);
        plot.Add($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" width="{Width}" height="{Height}" font-family="sans-serif" fill="#111">""");
        plot.Add($"""<rect width="{Width}" height="{Height}" fill="#fff"/>""");
        plot.AddAxes();
        for (int i = 0; i < plot._lines.Count; i++) plot.AddLine(i);
        plot.AddLegend();
        plot.Add($"</svg>");
        return plot._svg.ToString();
    }

    private void AddAxes()
    {
        Text(Width / 2.0, 38, 22, "middle", $"{_result.Model.Name}: time of a token over parallel streams");
        for (int i = 0; i * _step <= _most * 1.0001; i++)
        {
            double y = Y(i * _step);
            Add($"""<line x1="{Left}" x2="{Width - Right}" y1="{y:F1}" y2="{y:F1}" stroke="{(i == 0 ? "#111" : "#ddd")}"/>""");
            Text(Left - 10, y + 6, 16, "end", (i * _step).ToString("0.######", CultureInfo.InvariantCulture));
        }
        foreach (int streams in _streams)
        {
            Add($"""<line x1="{X(streams):F1}" x2="{X(streams):F1}" y1="{PlotBottom}" y2="{PlotBottom + 6}" stroke="#111"/>""");
            Text(X(streams), PlotBottom + 26, 16, "middle", $"{streams}");
        }
        Text((Left + Width - Right) / 2.0, Height - 22, 18, "middle", "P, parallel streams");
        Add($"""<g transform="translate(28 {(PlotTop + PlotBottom) / 2}) rotate(-90)">""");
        Text(0, 0, 18, "middle", "milliseconds per token");
        Add($"</g>");
    }

    private void AddLine(int index)
    {
        BenchRow[] rows = [.. _lines[index].OrderBy(row => row.Streams)];
        string color = Colors[index % Colors.Length];
        string Points(Func<BenchRow, double> value) =>
            string.Join(' ', rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{X(row.Streams):F1},{Y(value(row)):F1}")));
        Add($"""<polyline points="{Points(row => row.RooflineMs)}" fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="6 5"/>""");
        Add($"""<polyline points="{Points(row => row.DecodeMs)}" fill="none" stroke="{color}" stroke-width="3"/>""");
        foreach (BenchRow row in rows) Marker(index, X(row.Streams), Y(row.DecodeMs));
    }

    // Two columns; the last entry explains the dashes.
    private void AddLegend()
    {
        bool contexts = _lines.Select(line => line.Key.Context).Distinct().Count() > 1, caches = _lines.Select(line => line.Key.Kv).Distinct().Count() > 1;
        for (int i = 0; i <= _lines.Count; i++)
        {
            double x = Left + 20 + i % 2 * (Width - Left) / 2.0, y = Top + i / 2 * LegendLine;
            bool last = i == _lines.Count;
            string style = last ? "stroke=\"#555\" stroke-width=\"2\" stroke-dasharray=\"6 5\"" : $"stroke=\"{Colors[i % Colors.Length]}\" stroke-width=\"3\"";
            Add($"""<line x1="{x:F1}" x2="{x + 46:F1}" y1="{y:F1}" y2="{y:F1}" {style}/>""");
            if (!last) Marker(i, x + 23, y);
            string name = last ? "dashed: weights read once, or products if longer" : _lines[i].Key.Dtype
                + (contexts ? $" after {_lines[i].Key.Context} tokens" : "") + (caches ? $", cache {_lines[i].Key.Kv}" : "");
            Text(x + 58, y + 5, 16, "start", name);
        }
    }

    private void Marker(int index, double x, double y)
    {
        string color = Colors[index % Colors.Length];
        FormattableString shape = (index % 3) switch
        {
            0 => $"""<circle cx="{x:F1}" cy="{y:F1}" r="6" fill="{color}"/>""",
            1 => $"""<rect x="{x - 5.5:F1}" y="{y - 5.5:F1}" width="11" height="11" fill="{color}"/>""",
            _ => $"""<path d="M{x:F1} {y - 8:F1} l7 13 h-14 z" fill="{color}"/>""",
        };
        Add(shape);
    }

    private void Text(double x, double y, int size, string anchor, string text) =>
        Add($"""<text x="{x:F1}" y="{y:F1}" font-size="{size}" text-anchor="{anchor}">{System.Security.SecurityElement.Escape(text)}</text>""");

    private void Add(FormattableString line) => _svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    // P doubles from one place to the next.
    private double X(int streams)
    {
        double first = Math.Log2(_streams[0]) - RoomBeside, last = Math.Log2(_streams[^1]) + RoomBeside;
        return Left + (Math.Log2(streams) - first) / (last - first) * (Width - Left - Right);
    }

    private double Y(double milliseconds) => PlotBottom - milliseconds / _most * (PlotBottom - PlotTop);

    // 1, 2 or 5 times a power of ten, the next above.
    private static double RoundStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return least <= power ? power : least <= 2 * power ? 2 * power : least <= 5 * power ? 5 * power : 10 * power;
    }
}
