namespace ParScale.Extensions.AI;

/// <summary>Which model an application runs.</summary>
public sealed class ParScaleOptions
{
    /// <summary>A folder in Hugging Face layout. Null runs the embedded model.</summary>
    public string? Model { get; set; }

    /// <summary>The name that answers carry. Null takes that of the folder.</summary>
    public string? ModelId { get; set; }

    /// <summary>How the model is loaded.</summary>
    public LoadOptions Load { get; set; } = new();

    /// <summary>
    /// Further sets of streams over the same weights, by name: the folder of an add-on or of a whole model with the same backbone. A call
    /// chooses one by the additional property <c>streams</c>.
    /// </summary>
    public IDictionary<string, string> StreamSets { get; } = new Dictionary<string, string>();
}
