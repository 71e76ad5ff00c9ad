using ParScale.Text;
using ParScale.Training.Data.Tasks;

namespace ParScale.Training.Tests.Data.Tasks;

public sealed class GeneratedTaskTests
{
    private const int Draws = 400;

    [Fact]
    public void Triples_are_those_that_trying_all_finds()
    {
        foreach (int modulus in (int[])[10, 16, 36])
        {
            foreach ((string prompt, string answer, _) in Examples("sum3", 7, modulus))
            {
                int[] numbers = [.. prompt.TrimEnd('=').Select(c => c <= '9' ? c - '0' : c - 'a' + 10)];
                Assert.Equal(7, numbers.Length);
                Assert.All(numbers, number => Assert.InRange(number, 0, modulus - 1));
                for (int i = 0; i < numbers.Length; i++)
                {
                    bool found = false;
                    for (int j = 0; j < numbers.Length; j++)
                        for (int k = 0; k < numbers.Length; k++)
                            found |= i != j && i != k && j != k && (numbers[i] + numbers[j] + numbers[k]) % modulus == 0;
                    Assert.Equal(found ? '1' : '0', answer[i]);
                }
            }
        }
    }

    [Fact]
    public void Reached_nodes_are_those_of_the_transitive_closure()
    {
        foreach ((string prompt, string answer, _) in Examples("reach", 5, 6))
        {
            bool[,] reaches = new bool[5, 5];
            int end = prompt.IndexOf('>', StringComparison.Ordinal), source = prompt[end + 1] - 'a';
            Assert.Equal(6, prompt[..end].Chunk(2).Select(edge => new string(edge)).Distinct().Count());
            foreach (char[] edge in prompt[..end].Chunk(2)) reaches[edge[0] - 'a', edge[1] - 'a'] = true;
            for (int by = 0; by < 5; by++)
                for (int from = 0; from < 5; from++)
                    for (int to = 0; to < 5; to++)
                        reaches[from, to] |= reaches[from, by] && reaches[by, to];
            Assert.Equal(string.Concat(Enumerable.Range(0, 5).Where(node => node != source).Select(node => reaches[source, node] ? '1' : '0')), answer);
        }
    }

    [Fact]
    public void Columns_are_summed_without_carry()
    {
        foreach ((string prompt, string answer, _) in Examples("modsum", 4, 3))
        {
            string[] terms = prompt.TrimEnd('=').Split('+');
            Assert.Equal(3, terms.Length);
            Assert.Equal(string.Concat(Enumerable.Range(0, 4).Select(column => terms.Sum(term => term[column] - '0') % 10)), answer);
        }
    }

    [Fact]
    public void Hops_follow_the_arrows()
    {
        foreach ((string prompt, string answer, _) in Examples("khop", 6, 5))
        {
            int end = prompt.IndexOf('>', StringComparison.Ordinal);
            Dictionary<char, char> arrows = prompt[..end].Chunk(2).ToDictionary(arrow => arrow[0], arrow => arrow[1]);
            char node = prompt[end + 1];
            for (int hop = prompt[end + 2] - '0'; hop > 0; hop--) node = arrows[node];
            Assert.Equal(node.ToString(), answer);
        }
    }

    [Theory]
    [InlineData("sum3", 0.3, 0.7)]
    [InlineData("reach", 0.3, 0.7)]
    [InlineData("modsum", 0.07, 0.13)]
    [InlineData("khop", 0.07, 0.19)]
    public void No_answer_is_much_likelier_than_others(string task, double least, double most)
    {
        string answers = string.Concat(Examples(task, null, null).Select(example => example.Answer));
        Assert.All(answers.CountBy(c => c), symbol => Assert.InRange(symbol.Value / (double)answers.Length, least, most));
    }

    [Fact]
    public void Files_are_those_of_the_seed_and_share_no_question()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run("task", "modsum", "-o", folder.File("a"), "--examples", "300", "--val-examples", "100", "--length", "3", "--terms", "1", "--seed", "7").ExitCode);
        Assert.Equal(0, InProcess.Run("task", "modsum", "-o", folder.File("b"), "--examples", "200", "--val-examples", "100", "--length", "3", "--terms", "1", "--seed", "7").ExitCode);
        string[] training = File.ReadAllLines(folder.File("a/train.jsonl")), validation = File.ReadAllLines(folder.File("a/validation.jsonl"));
        Assert.Equal((300, 100), (training.Length, validation.Length));
        Assert.Equal(400, training.Concat(validation).Distinct().Count());
        Assert.Equal(validation, File.ReadAllLines(folder.File("b/validation.jsonl")));
        Assert.Equal(training[..200], File.ReadAllLines(folder.File("b/train.jsonl")));

        Tokenizer tokenizer = Tokenizer.Load(folder.File("a/tokenizer"));
        Assert.Equal(14, tokenizer.VocabularySize);
        Assert.Equal(3, tokenizer.Encode("07=").Length);
        Assert.Equal("0?", tokenizer.Decode(tokenizer.Encode("0x")));
        Assert.Equal(0, InProcess.Run("data", "--data", folder.File("a/train.jsonl"), "--val-data", folder.File("a/validation.jsonl"),
            "--tokenizer", folder.File("a/tokenizer"), "-o", folder.File("shards")).ExitCode);
    }

    [Theory]
    [InlineData("sum3", "--length", "4", "--modulus", "10")]
    [InlineData("reach", "--length", "4", "--edges", "3")]
    [InlineData("khop", "--length", "5", "--hops", "2")]
    [InlineData("modsum", "--length", "3", "--terms", "2")]
    public void No_question_of_the_validation_is_in_the_training_in_another_order(string task, params string[] size)
    {
        using var folder = new TempFolder();
        Assert.Equal(0, InProcess.Run(["task", task, "-o", folder.File("a"), "--examples", "400", "--val-examples", "60", .. size]).ExitCode);
        string[] held = Contents("a/validation.jsonl"), trained = Contents("a/train.jsonl");
        Assert.Equal(60, held.Distinct().Count());
        Assert.Empty(held.Intersect(trained));
        Assert.True(task == "modsum" || trained.Distinct().Count() < trained.Length, "no question of the training is there in two orders");

        // Written apart from the code under test: what comes before the question's own part, in pieces of its size, sorted.
        string[] Contents(string file) => [.. File.ReadLines(folder.File(file)).Select(row =>
        {
            string prompt = System.Text.Json.JsonDocument.Parse(row).RootElement.GetProperty("prompt").GetString()!;
            string[] parts = prompt.TrimEnd('=').Split('>');
            int width = task switch { "sum3" => 1, "modsum" => 3, _ => 2 };
            return string.Join(' ', parts[0].Replace("+", "").Chunk(width).Select(piece => new string(piece)).Order()) + string.Concat(parts[1..]);
        })];
    }

    [Fact]
    public void Another_seed_has_other_rows()
    {
        using var folder = new TempFolder();
        string[][] rows = [.. new[] { "1", "2", "7", "-1" }.Select(seed =>
        {
            Assert.Equal(0, InProcess.Run("task", "sum3", "-o", folder.File(seed), "--examples", "500", "--val-examples", "10", "--length", "8", "--modulus", "36", "--seed", seed).ExitCode);
            return File.ReadAllLines(folder.File($"{seed}/train.jsonl"));
        })];
        for (int i = 0; i < rows.Length; i++)
            for (int j = 0; j < i; j++) Assert.Empty(rows[i].Intersect(rows[j]));
    }

    [Fact]
    public void What_cannot_be_made_is_refused()
    {
        using var folder = new TempFolder();
        Refused("error TD-22", "modsum", "--length", "3", "--terms", "1", "--examples", "5000");
        Refused("--terms is no parameter of khop; its own are --length and --hops", "khop", "--terms", "2");
        Refused("--edges must be 1 to 20 with --length 5", "reach", "--length", "5", "--edges", "21");
        Refused("--length of khop must be 3 to 26", "khop", "--length", "27");

        void Refused(string message, params string[] words)
        {
            (int exit, string[] errors) = InProcess.Run(["task", .. words, "-o", folder.File("none")]);
            Assert.Equal(2, exit);
            Assert.Contains(message, Assert.Single(errors), StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
        }
    }

    private static TaskExample[] Examples(string task, int? length, int? value)
    {
        IGeneratedTask made = TaskKind.All.First(kind => kind.Name == task).Create(length, value);
        var seen = new HashSet<string>();
        return [.. TaskFolder.Fresh(made, Draws, new TaskRandom(3), example => seen.Add(example.Prompt))];
    }
}
