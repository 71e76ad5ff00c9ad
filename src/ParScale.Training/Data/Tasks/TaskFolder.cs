using System.Text;
using ParScale.Files;
using ParScale.Quantization;
using ParScale.Text.Bpe;

namespace ParScale.Training.Data.Tasks;

/// <summary>
/// Writes examples of a task: <c>train.jsonl</c> and <c>validation.jsonl</c> with a <c>prompt</c> and a <c>completion</c> a row, and
/// <c>tokenizer/</c>, in which every character is a token, and any other is a question mark. No row comes twice, and no question of the
/// validation is in the training, in whatever order it is written.
/// </summary>
internal static class TaskFolder
{
    // So many draws in a row that were there before: hardly any question is left.
    private const int MostRepeats = 1000;
    // What bytes are read as that no task has.
    private const string Unknown = "?";

    /// <exception cref="ParScaleException">The output is taken (TD-12), or the task has too few questions (TD-22).</exception>
    public static void Write(string folder, IGeneratedTask task, int training, int validation, long seed)
    {
        if (File.Exists(folder)) throw ParScaleException.Usage("TD-12", $"-o {ParScaleException.Quote(folder)} is a file; give the name of a new folder");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw ParScaleException.Usage("TD-12", $"-o {ParScaleException.Quote(folder)} is not empty; give another name");
        var random = new TaskRandom(seed);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var heldOut = new HashSet<string>(StringComparer.Ordinal);
        using var output = new OutputFolder(folder, replace: true);
        // Validation first: it is the same however much is trained on.
        WriteRows(Path.Combine(output.Path, "validation.jsonl"), Fresh(task, validation, random, example => heldOut.Add(example.Content)));
        WriteRows(Path.Combine(output.Path, "train.jsonl"), Fresh(task, training, random, example => !heldOut.Contains(example.Content) && seen.Add(example.Prompt)));
        TokenizerWriter.Write(Path.Combine(output.Path, "tokenizer"), new BpeVocabulary(
            [.. (task.Characters + Unknown).Select(c => ByteAlphabet.ToChar((byte)c).ToString()).Order(StringComparer.Ordinal)]), Unknown);
        output.Commit();

        void WriteRows(string path, IEnumerable<TaskExample> examples)
        {
            var text = new StringBuilder();
            // Characters of tasks need no escapes in JSON.
            foreach (TaskExample example in examples)
                text.Append("{\"prompt\":\"").Append(example.Prompt).Append("\",\"completion\":\"").Append(example.Answer).Append("\"}\n");
            DurableFile.WriteText(path, text.ToString());
        }
    }

    /// <summary>So many examples that <paramref name="take"/> takes.</summary>
    internal static IEnumerable<TaskExample> Fresh(IGeneratedTask task, int count, TaskRandom random, Func<TaskExample, bool> take)
    {
        for (int made = 0, repeats = 0; made < count;)
        {
            TaskExample example = task.Draw(random);
            if (take(example))
            {
                (made, repeats) = (made + 1, 0);
                yield return example;
            }
            else if (++repeats == MostRepeats)
            {
                throw ParScaleException.Usage("TD-22", $"the task has too few different questions, whatever their order: after {made} of {count} hardly any is left; "
                    + "ask for fewer examples, or make it larger with --length");
            }
        }
    }
}
