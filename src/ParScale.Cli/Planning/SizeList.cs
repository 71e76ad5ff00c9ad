using System.CommandLine;
using ParScale.Cli.Bench;
using ParScale.ScalingLaws.Cost;

namespace ParScale.Cli.Planning;

/// <summary>Lists of models: published names or numbers of parameters, and mixtures of experts.</summary>
internal static class SizeList
{
    private static readonly string Published = string.Join(", ", PublishedShapes.All.Select(shape => shape.Name));

    /// <summary>
    /// Dense models: <c>1.8B,7B</c>. A published name means that model, a file the model of this config, and any other number of parameters is
    /// without the embedding.
    /// </summary>
    public static Option<ModelShape[]?> CreateDense(string name, string otherwise) => Create(name,
        $"Sizes: published names ({Published}), files of the kind of config.json, or other numbers of parameters without the embedding, such as 7B ({otherwise}).",
        "LIST", Dense, $"sizes from {PublishedShapes.Least / 1e6}M to {PublishedShapes.Most / 1e12}T parameters such as 1.8B or 700M");

    /// <summary>Published models alone, by their names on the hub or in the paper: <c>1.8B,3B</c>.</summary>
    public static Option<ModelShape[]?> CreatePublished(string name) => Create(name,
        $"Sizes: {Published} (default: all).", "LIST", PublishedShapes.Find, $"published sizes ({Published})");

    /// <summary>Mixtures: <c>8B/1.6B</c>, all parameters and those that a token uses.</summary>
    public static Option<ModelShape[]?> CreateMixtures(string name) => Create(name,
        "Mixture-of-experts models to compare: total and active parameters, without the embedding, such as 8B/1.6B.",
        "LIST", Mixture, "a larger and a smaller number of parameters such as 8B/1.6B");

    private static Option<ModelShape[]?> Create(string name, string description, string helpName, Func<string, ModelShape?> read, string wanted) => new(name)
    {
        Description = description,
        HelpName = helpName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            var shapes = new List<ModelShape>();
            foreach (string entry in result.Tokens[0].Value.Split(','))
            {
                try
                {
                    if (read(entry) is { } shape) shapes.Add(shape);
                    else result.AddError($"{NumberList.Typed(result, name)} needs {wanted}, with commas between them, not {ParScaleException.Quote(entry)}");
                }
                catch (ParScaleException e)
                {
                    result.AddError(e.Message);
                }
            }
            return [.. shapes.Distinct()];
        },
    };

    private static ModelShape? Dense(string text) => PublishedShapes.Find(text) ?? OfConfig(text)
        ?? (Size(text) is { } n ? PublishedShapes.WithParameters(n) : null);

    private static ModelShape? OfConfig(string path) =>
        ConfigShape.Read(path) is { } config ? config.Model.ToShape(config.Streams, ConfigShape.NameOf(path)) : null;

    private static ModelShape? Mixture(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2 && Size(parts[0]) is { } total && Size(parts[1]) is { } active && total > active
            ? PublishedShapes.Mixture(total, active) : null;
    }

    private static double? Size(string text) => Quantity.Parameters.Read(text) is { } n and >= PublishedShapes.Least and <= PublishedShapes.Most ? n : null;
}
