using System.Text;
using ScottPlot;
using SkiaSharp;

namespace ParScale.Plots;

/// <summary>Several plots in one picture, row by row.</summary>
internal sealed class PictureGrid(IReadOnlyList<Plot> panels, int columns)
{
    private const int PanelWidth = 640;
    private const int PanelHeight = 400;
    private const int BestQuality = 100;

    /// <summary>Pixels.</summary>
    public int Width => PanelWidth * Math.Min(columns, panels.Count);

    /// <summary>Pixels.</summary>
    public int Height => PanelHeight * ((panels.Count + columns - 1) / columns);

    public string ToSvg()
    {
        using var stream = new MemoryStream();
        using (SKCanvas canvas = SKSvgCanvas.Create(new SKRect(0, 0, Width, Height), stream)) Draw(canvas);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    public byte[] ToPng()
    {
        using SKSurface surface = SKSurface.Create(new SKImageInfo(Width, Height));
        Draw(surface.Canvas);
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode(SKEncodedImageFormat.Png, BestQuality);
        return data.ToArray();
    }

    private void Draw(SKCanvas canvas)
    {
        canvas.Clear(SKColors.White);
        for (int i = 0; i < panels.Count; i++)
        {
            // A plot would otherwise wipe out those that were drawn before it.
            panels[i].RenderManager.ClearCanvasBeforeEachRender = false;
            (float left, float top) = (i % columns * PanelWidth, i / columns * PanelHeight);
            panels[i].Render(canvas, new PixelRect(left, left + PanelWidth, top + PanelHeight, top));
        }
    }
}
