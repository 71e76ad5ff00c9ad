namespace ParScale.ScalingLaws.Law.Fitting;

/// <summary>Fits a form without some points and sees what it says about them.</summary>
internal static class Holdout
{
    private const int MostFolds = 50;

    /// <summary>The tests that go beyond the data that were fitted; those for which too little would be left are absent.</summary>
    public static IReadOnlyList<HeldOut> Extrapolations(FormFit whole)
    {
        IReadOnlyList<LossPoint> points = whole.Data.Points;
        int mostStreams = points.Max(point => point.P);
        // Prefixes and aggregator make N differ a little between the P of one shape, so the largest is looked up for each P.
        var largest = points.GroupBy(point => point.P).Select(sizes => sizes.MaxBy(point => point.N)).ToHashSet();
        (string What, Func<LossPoint, bool> Out)[] tests =
        [
            ("the largest n of every p", largest.Contains),
            (FormattableString.Invariant($"p = {mostStreams}"), point => point.P == mostStreams),
            (FormattableString.Invariant($"both: the largest n, and p = {mostStreams}"), point => point.P == mostStreams || largest.Contains(point)),
        ];
        return [.. tests.Select(test => LeaveOut(whole, test.What, test.Out)).OfType<HeldOut>()];
    }

    /// <summary>
    /// Leaves out each point in turn, or of more than fifty points each fiftieth part: the root of the mean squared error, nats per token;
    /// null when too few are left.
    /// </summary>
    public static double? CrossValidation(FormFit whole)
    {
        LossPoint[] points = [.. whole.Data.Points];
        int folds = Math.Min(points.Length, MostFolds);
        double sum = 0;
        for (int fold = 0; fold < folds; fold++)
        {
            HashSet<LossPoint> left = [.. points.Where((_, i) => i % folds == fold)];
            if (LeaveOut(whole, "", left.Contains) is not { } result) return null;
            sum += result.RmsError * result.RmsError * result.Points;
        }
        return Math.Sqrt(sum / points.Length);
    }

    private static HeldOut? LeaveOut(FormFit whole, string what, Func<LossPoint, bool> isOut)
    {
        LossPoint[] left = [.. whole.Data.Points.Where(isOut)];
        LossPoint[] kept = [.. whole.Data.Points.Where(point => !isOut(point))];
        bool enough = kept.Length >= whole.Theta.Length
            && kept.DistinctBy(point => point.P).Skip(1).Any() && kept.DistinctBy(point => point.N).Skip(1).Any();
        if (!enough) return null;
        double[] errors = Fitter.Refit(whole, whole.Data.With(kept)).Errors(left);
        return new HeldOut(what, left.Length, Math.Sqrt(errors.Average(error => error * error)), errors.Max(Math.Abs));
    }
}
