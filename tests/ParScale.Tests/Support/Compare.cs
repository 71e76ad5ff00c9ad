namespace ParScale.Tests.Support;

internal static class Compare
{
    /// <summary>max |error| / max |expected|.</summary>
    public static double RelativeError(IEnumerable<double> expected, IEnumerable<float> actual)
    {
        double[] wanted = [.. expected];
        float[] found = [.. actual];
        Assert.Equal(wanted.Length, found.Length);
        return wanted.Zip(found, (a, b) => Math.Abs(a - b)).Max() / wanted.Max(Math.Abs);
    }

    /// <summary>max |a - b|.</summary>
    public static double Distance(IEnumerable<double> a, IEnumerable<float> b) => Rounding.Distance(a, b.Select(value => (double)value));

    /// <summary>The logits of a session that takes the tokens in the given portions, all positions in a row.</summary>
    public static float[] LogitsInPortions(LanguageModel model, int[] tokens, params int[] portions)
    {
        var all = new List<float>();
        using Session session = model.CreateSession(tokens.Length);
        foreach (int portion in portions)
            session.Append(tokens.AsSpan(session.Position, portion), (_, logits) => all.AddRange(logits.ToArray()));
        Assert.Equal(tokens.Length, session.Position);
        return [.. all];
    }
}
