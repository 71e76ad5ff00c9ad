namespace ParScale.Training.Data.Tasks;

/// <summary>
/// Sums modulo 10 without carry: given <paramref name="terms"/> numbers of <paramref name="columns"/> digits one after the other, the
/// answer is, for each column, the last digit of its sum.
/// </summary>
internal sealed class ModularSums(int columns, int terms) : IGeneratedTask
{
    private const int Modulus = 10;

    public string Characters => "0123456789+=";

    public TaskExample Draw(TaskRandom random)
    {
        var sums = new int[columns];
        var numbers = new string[terms];
        for (int term = 0; term < terms; term++)
        {
            int[] digits = [.. Enumerable.Range(0, columns).Select(_ => random.Below(Modulus))];
            numbers[term] = string.Concat(digits);
            for (int column = 0; column < columns; column++) sums[column] = (sums[column] + digits[column]) % Modulus;
        }
        return new TaskExample(string.Join('+', numbers) + "=", string.Concat(sums), string.Join('+', numbers.Order(StringComparer.Ordinal)));
    }
}
