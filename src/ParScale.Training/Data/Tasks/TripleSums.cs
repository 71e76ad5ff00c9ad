namespace ParScale.Training.Data.Tasks;

/// <summary>
/// 3SUM modulo 10, a label for every number: given <paramref name="count"/> numbers of <paramref name="digits"/> digits, the answer has a
/// 1 for each number that two others complete to a sum of 0 modulo 10 in every digit, else a 0.
/// </summary>
internal sealed class TripleSums(int count, int digits) : IGeneratedTask
{
    private const int Modulus = 10;

    public string Characters => "0123456789=";

    public TaskExample Draw(TaskRandom random)
    {
        int[][] numbers = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, digits).Select(_ => random.Below(Modulus)).ToArray())];
        string[] written = [.. numbers.Select(number => string.Concat(number))];
        return new TaskExample(string.Concat(written) + "=", new string(Answer(numbers)), string.Join(' ', written.Order(StringComparer.Ordinal)));
    }

    // The third number of a pair is looked up: quadratic where trying all triples is cubic.
    private static char[] Answer(int[][] numbers)
    {
        ILookup<int, int> places = Enumerable.Range(0, numbers.Length).ToLookup(i => Code(numbers[i]));
        char[] answer = [.. Enumerable.Repeat('0', numbers.Length)];
        for (int i = 0; i < numbers.Length; i++)
        {
            for (int j = i + 1; j < numbers.Length; j++)
            {
                int missing = Code([.. numbers[i].Zip(numbers[j], (a, b) => (2 * Modulus - a - b) % Modulus)]);
                foreach (int k in places[missing])
                    if (k != i && k != j) answer[i] = answer[j] = answer[k] = '1';
            }
        }
        return answer;
    }

    private static int Code(int[] number) => number.Aggregate(0, (code, digit) => code * Modulus + digit);
}
