namespace ParScale.ScalingLaws.Law;

/// <summary>Says in words what a comparison of forms shows, and above all what it does not.</summary>
internal static class Verdict
{
    private const double NoEnd = 0.1;   // below this exponent a doubling takes less than 7 % off what is left to gain
    private const double Clear = 10;   // a difference in AICc that leaves the worse form practically no support

    public static IEnumerable<string> On(LossTable table, IReadOnlyList<FormReport> forms)
    {
        if (forms.Where(form => form.CrossValidation is not null).OrderBy(form => form.CrossValidation).ToArray() is [var best, _, ..] ranked)
        {
            string errors = string.Join(", ", ranked.Select(form => FormattableString.Invariant($"{form.Name} {form.CrossValidation:F4}")));
            yield return $"A point left out is predicted best by the {best.Name} form (error in nats: {errors}).";
        }
        if (forms.Where(form => form.Aicc is not null).OrderBy(form => form.Aicc).ToArray() is [var first, var second, ..])
        {
            double gap = second.Aicc.GetValueOrDefault() - first.Aicc.GetValueOrDefault();
            string clear = gap >= Clear ? "clear" : "not clear";
            yield return FormattableString.Invariant(
                $"By AICc the {first.Name} form leads the {second.Name} form by {gap:F1}, which is {clear} within the data's range.");
        }
        foreach (string sentence in Beyond(table, forms)) yield return sentence;
    }

    private static IEnumerable<string> Beyond(LossTable table, IReadOnlyList<FormReport> forms)
    {
        int most = table.MostStreams;
        double[] sizes = [.. table.Points.Where(point => point.P == most).Select(point => point.N).Order()];
        double middle = sizes[(sizes.Length - 1) / 2];
        string at = ParameterCount.Format(middle);
        (string Name, double Gain)[] gains = [.. forms.Select(form => (form.Name, form.Loss(middle, most) - form.Loss(middle, 2 * most)))];
        string list = string.Join(", ", gains.Select(form => FormattableString.Invariant($"{form.Name} {form.Gain:F4}")));
        yield return FormattableString.Invariant($"From p = {most} to {2 * most}, at n = {at}, the forms promise a gain of (nats): {list}.");

        // A form that the data already speak against is no question any more: the two best are.
        string[] open = [.. forms.OrderBy(form => form.Bic).Take(2).Select(form => form.Name)];
        double[] left = [.. gains.Where(form => open.Contains(form.Name)).Select(form => form.Gain)];
        double apart = left.Max() - left.Min();
        double scatter = forms.Min(form => Math.Sqrt(table.Points.Average(point => Math.Pow(form.Loss(point.N, point.P) - point.Loss, 2))));
        string size = apart < 2 * scatter ? "too little for one run there to tell them apart" : "enough for runs there to tell them apart";
        yield return FormattableString.Invariant(
            $"No point has p above {most}, so these data do not determine the loss beyond p = {most}.");
        if (open.Length > 1)
        {
            yield return FormattableString.Invariant(
                $"The two that fit best, {open[0]} and {open[1]}, differ there by {apart:F4} nats, against a scatter of {scatter:F4}: {size}.");
        }

        if (forms.FirstOrDefault(form => form.Name == "saturating") is { } saturating)
        {
            double beta = saturating.Parameters["beta"], rest = saturating.Parameters["c2"] * Math.Pow(most, -beta);
            yield return FormattableString.Invariant(beta < NoEnd
                ? $"The saturating form saturates nowhere near these data (beta {beta:F2})."
                : (FormattableString)$"The saturating form leaves at most {rest:F4} nats to gain beyond p = {most}; the log form lets every further doubling gain.");
        }
    }
}
