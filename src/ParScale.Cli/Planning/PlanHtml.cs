using System.Globalization;
using System.Net;
using ParScale.Cli.Cost;
using ParScale.Cli.Plots;
using ParScale.Plots;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary>A plan as one HTML file that needs nothing beside it: tables, sentences, pictures as SVG in the page.</summary>
internal static class PlanHtml
{
    private const int MostLines = 40;

    private const string Style = """
        body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
        table { border-collapse: collapse; } th, td { padding: .25rem .75rem; border-bottom: 1px solid #ddd; text-align: right; }
        th:first-child, td:first-child, th:last-child, td:last-child { text-align: left; }
        tr.winner { font-weight: bold; } svg { max-width: 100%; height: auto; } p.figures { color: #555; }
        """;

    /// <summary>Refuses a name that cannot be written, before any work is done.</summary>
    public static string? Check(string? file)
    {
        if (file is null) return null;
        string name = ParScaleException.Quote(file);
        if (Directory.Exists(file)) throw ParScaleException.Usage("CL-02", $"--html {name} is a folder; give a file such as plan.html");
        if (!file.EndsWith(".html", StringComparison.OrdinalIgnoreCase)) throw ParScaleException.Usage("CL-02", $"--html {name}: the name must end in .html");
        return file;
    }

    /// <summary>The whole file.</summary>
    public static string Write(PlanReport report, PlanResult plan)
    {
        var page = new StringWriter(CultureInfo.InvariantCulture);
        page.Write("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Which N and which P</title>\n");
        page.Write($"<style>\n{Style}\n</style>\n</head>\n<body>\n<h1>Which N and which P</h1>\n");
        Paragraph(page, CostText.Machine(report.Device));
        Paragraph(page, PlanText.Limits(report));
        List(page, "Why this one", report.Reasons);
        foreach (PlanLimit axis in Enum.GetValues<PlanLimit>()) Picture(page, plan, axis);
        Table(page, report);
        if (report.Streams is { } streams) List(page, "Where P stops paying", streams.Words);
        List(page, "Published models", PlanText.Published(report));
        List(page, "To keep in mind", report.Notes);
        page.Write("</body>\n</html>\n");
        return page.ToString();
    }

    private static void Picture(TextWriter page, PlanResult plan, PlanLimit axis)
    {
        string svg = PlanPlot.Draw(plan, axis).GetSvgXml(PictureFile.Width, PictureFile.Height);
        page.Write($"<h2>Loss over {Figures.Name(axis)}</h2>\n{SvgInPage.Of(svg, $"{axis.ToString().ToLowerInvariant()}-")}\n");
    }

    private static void Table(TextWriter page, PlanReport report)
    {
        page.Write("<h2>Pareto front: models that no other beats in loss, memory and time at once</h2>\n<table>\n<tr>");
        foreach (string title in PlanText.Header) page.Write($"<th>{Text(title)}</th>");
        page.Write("</tr>\n");
        foreach (PlanRow row in report.Front.Take(MostLines))
        {
            page.Write(row == report.Winner ? "<tr class=\"winner\">" : "<tr>");
            foreach (string cell in PlanText.Cells(row)) page.Write($"<td>{Text(cell)}</td>");
            page.Write("</tr>\n");
        }
        page.Write("</table>\n");
        if (report.Front.Count > MostLines) Paragraph(page, $"and {report.Front.Count - MostLines} more of higher loss");
    }

    private static void Paragraph(TextWriter page, string text) => page.Write($"<p class=\"figures\">{Text(text)}</p>\n");

    private static void List(TextWriter page, string title, IReadOnlyList<string> sentences)
    {
        page.Write($"<h2>{Text(title)}</h2>\n<ul>\n");
        foreach (string sentence in sentences) page.Write($"<li>{Text(sentence)}</li>\n");
        page.Write("</ul>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
