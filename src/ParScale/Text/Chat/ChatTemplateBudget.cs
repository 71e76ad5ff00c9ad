namespace ParScale.Text.Chat;

/// <summary>
/// How much a template may do: templates are programs that come with a model, and a hostile one must end soon. Real ones need less
/// than a tenth of this.
/// </summary>
/// <param name="Steps">Evaluations of expressions and statements; copying or searching 64 characters of text is a step too.</param>
/// <param name="Characters">Length of the rendered text, and of any text made on the way, in UTF-16 units.</param>
/// <param name="Depth">Levels of nested calls, expressions and containers.</param>
/// <param name="Time">How long it may run.</param>
public sealed record ChatTemplateBudget(long Steps, int Characters, int Depth, TimeSpan Time)
{
    /// <summary>Two million steps, 16 Mi characters, 100 levels, 5 seconds.</summary>
    public static ChatTemplateBudget Default { get; } = new(2_000_000, 16 << 20, 100, TimeSpan.FromSeconds(5));
}
