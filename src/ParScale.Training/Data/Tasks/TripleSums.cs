namespace ParScale.Training.Data.Tasks;

/// <summary>
/// 3SUM, a label for every number: given <paramref name="count"/> numbers below <paramref name="modulus"/>, each written as one character of
/// 0 to 9, then a to z, the answer has a 1 for each that two others complete to a sum of 0 modulo <paramref name="modulus"/>, else a 0.
/// </summary>
internal sealed class TripleSums(int count, int modulus) : IGeneratedTask
{
    private const string Numbers = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>The largest modulus: a number is one character.</summary>
    public static int MostModulus => Numbers.Length;

    // Answers are of 0 and 1, which a modulus of 1 would leave out.
    public string Characters => Numbers[..Math.Max(2, modulus)] + "=";

    public TaskExample Draw(TaskRandom random)
    {
        int[] numbers = [.. Enumerable.Range(0, count).Select(_ => random.Below(modulus))];
        string written = string.Concat(numbers.Select(number => Numbers[number]));
        return new TaskExample(written + "=", new string(Answer(numbers)), string.Concat(written.Order()));
    }

    // The third number of a pair is looked up: quadratic where trying all triples is cubic.
    private char[] Answer(int[] numbers)
    {
        ILookup<int, int> places = Enumerable.Range(0, count).ToLookup(i => numbers[i]);
        char[] answer = [.. Enumerable.Repeat('0', count)];
        for (int i = 0; i < count; i++)
        {
            for (int j = i + 1; j < count; j++)
            {
                foreach (int k in places[(2 * modulus - numbers[i] - numbers[j]) % modulus])
                    if (k != i && k != j) answer[i] = answer[j] = answer[k] = '1';
            }
        }
        return answer;
    }
}
