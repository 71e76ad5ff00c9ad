namespace ParScale.Training.Data.Tasks;

/// <summary>A task whose examples are drawn: as many as one likes, each with its answer computed from the question.</summary>
internal interface IGeneratedTask
{
    /// <summary>All characters of questions and answers. Each is one token.</summary>
    string Characters { get; }

    /// <summary>The next example.</summary>
    TaskExample Draw(TaskRandom random);
}

/// <summary>A question, which ends in <c>=</c>, and its one right answer.</summary>
/// <param name="Prompt">The question as it is written.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Content">What is asked: the same for all orders in which one question can be written.</param>
internal readonly record struct TaskExample(string Prompt, string Answer, string Content);
