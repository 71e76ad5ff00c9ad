using ParScale.Training.Configuration;

namespace ParScale.Training.Runs;

/// <summary>Whether a run may go on from a checkpoint with the options that are asked for now.</summary>
internal static class ResumeCheck
{
    /// <summary>Options without which the tensors of the checkpoint fit no model.</summary>
    private static readonly string[] Shape =
    [
        "streams", "hidden_size", "intermediate_size", "layers", "heads", "key_value_heads", "prefix_tokens", "prefix_mlp", "anchored", "train",
    ];

    /// <summary>Options that change what the validation loss is the loss of.</summary>
    private static readonly string[] Measured = ["data_sha256", "tokenizer_sha256", "context", "validation_fraction"];

    /// <summary>
    /// The state to go on from with <paramref name="asked"/>; changed options are named on stderr. If they change the validation loss,
    /// the best loss so far is forgotten: it compares with none to come.
    /// </summary>
    /// <param name="checkpoint">The checkpoint's folder.</param>
    /// <param name="state">Its state.</param>
    /// <param name="asked">The options of this start.</param>
    /// <param name="data">The full path of the data of this start.</param>
    /// <param name="allowChanged">Whether other options than those of the shape may differ.</param>
    /// <exception cref="ParScaleException">The model is another (CK-06), the data were changed (TD-08), or another option was (CK-07).</exception>
    public static TrainerState Continue(string checkpoint, TrainerState state, TrainingOptions asked, string data, bool allowChanged)
    {
        IReadOnlyList<ChangedOption> changes = state.Changes(asked);
        if (changes.Count == 0) return state with { Data = data };
        // With a backbone that stays as it is, another backbone is another model.
        bool addOn = state.Options.Train == TrainedSet.Streams;
        ChangedOption[] shape = [.. changes.Where(change => Shape.Contains(change.Name) || (addOn && change.Name == "from" && BackboneOf(change.There) != BackboneOf(change.Now)))];
        if (shape.Length > 0)
            throw ParScaleException.BadInput("CK-06", checkpoint, $"is of another model: {List(shape)}; give the options of the run, or another folder");
        if (!allowChanged) throw Refusal(checkpoint, state, changes, data);
        if (state.Step > asked.Steps)
            throw ParScaleException.BadInput("CK-07", checkpoint, $"is beyond --steps {asked.Steps}; give more steps");
        Console.Error.WriteLine($"note: continuing from {Path.GetFileName(checkpoint)} with changes: {List(changes)}");
        bool comparable = !changes.Any(change => Measured.Contains(change.Name));
        return state with { Options = asked, Data = data, BestLossPerToken = comparable ? state.BestLossPerToken : null };
    }

    // Streams that a run started from stand behind a dash: the checkpoint has its own in their place.
    private static string BackboneOf(string from) => from.Trim('"').Split('-')[0];

    private static ParScaleException Refusal(string checkpoint, TrainerState state, IReadOnlyList<ChangedOption> changes, string data)
    {
        bool sameFile = state.Data == data && changes.Any(change => change.Name == "data_sha256");
        if (sameFile)
        {
            return new ParScaleException(ErrorKind.HashMismatch, "TD-08",
                $"--data {ParScaleException.Quote(data)} was changed since {Path.GetFileName(checkpoint)} was saved; restore it, or give --allow-changed");
        }
        return ParScaleException.BadInput("CK-07", checkpoint,
            $"is of a run with other options: {List(changes)}; give the same, or --allow-changed to continue with the new ones");
    }

    private static string List(IReadOnlyCollection<ChangedOption> changes) => string.Join(", ", changes);
}

/// <summary>An option of a run whose value in a checkpoint is not the one asked for now; both as JSON.</summary>
internal sealed record ChangedOption(string Name, string There, string Now)
{
    /// <summary>For a message; hashes say nothing to a reader.</summary>
    public override string ToString() => Name.EndsWith("_sha256", StringComparison.Ordinal)
        ? $"{Name[..^"_sha256".Length]} is another"
        : $"{Name} is {There} there and {Now} now";
}
