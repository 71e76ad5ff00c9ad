using System.Diagnostics;
using ParScale.Plots;

namespace ParScale.Training.Reporting;

/// <summary><c>curves.svg</c> in the folder of a run.</summary>
internal sealed class CurvesFile(string folder)
{
    private const int ShareOfTime = 50;
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private TimeSpan _rest = TimeSpan.Zero;
    private bool _works = true;

    /// <summary>
    /// Draws the log anew. Not while that would take more than a fiftieth of the time, except <paramref name="atEnd"/>. A picture that
    /// cannot be drawn or written is said once and is no reason to stop a run.
    /// </summary>
    public void Refresh(bool atEnd)
    {
        if (!_works || (!atEnd && _since.Elapsed < _rest)) return;
        var one = Stopwatch.StartNew();
        try
        {
            RunCurves run = RunCurves.Read(folder);
            PictureFile.Write(CurvePicture.Draw([run]), run.Name, Path.Combine(folder, "curves.svg"));
        }
        catch (Exception e) when (e is ParScaleException or IOException or UnauthorizedAccessException or DllNotFoundException or TypeInitializationException)
        {
            _works = false;
            Console.Error.WriteLine($"curves.svg is not drawn: {e.Message.Split('\n')[0]}");
        }
        _rest = one.Elapsed * ShareOfTime;
        _since.Restart();
    }
}
