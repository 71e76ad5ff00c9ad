using System.Threading.Channels;
using ParScale.Generation;
using ParScale.Server.Observation;
using ParScale.Server.Requests;

namespace ParScale.Server.Hosting;

/// <summary>Runs all answers of a request at once; the engine batches them with those of others.</summary>
internal static class Generations
{
    /// <summary>The pieces of all answers as they come, each with its number: prompt by prompt, answer by answer.</summary>
    public static async IAsyncEnumerable<(int Index, GeneratedPiece Piece)> Run(
        GenerationRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        using RequestMeasurement measured = request.Model.Metrics.Begin(request);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // A piece is sent by the thread that it came on: another hand-over would delay every token.
        var pieces = Channel.CreateUnbounded<(int, GeneratedPiece)>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
        // What is wrong with one is found before any has begun.
        IAsyncEnumerable<GeneratedPiece>[] answers = [.. request.Prompts.SelectMany((prompt, p) =>
            Enumerable.Range(0, request.Choices).Select(choice => Start(request, prompt, choice, measured, leave.Token)))];
        Task all = Task.WhenAll(answers.Select((answer, i) => Pump(answer, i, pieces.Writer, measured, leave)));
        Task end = all.ContinueWith(done => pieces.Writer.TryComplete(done.Exception?.InnerException), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await foreach ((int, GeneratedPiece) piece in pieces.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                // The channel does not look at it while it has pieces, which a slow reader leaves there for long.
                cancellation.ThrowIfCancellationRequested();
                yield return piece;
            }
        }
        finally
        {
            await leave.CancelAsync().ConfigureAwait(false);
            await end.ConfigureAwait(false);
        }
    }

    private static IAsyncEnumerable<GeneratedPiece> Start(GenerationRequest request, int[] prompt, int choice, RequestMeasurement measured, CancellationToken cancellation)
    {
        GenerationOptions options = request.Options with
        {
            Sampling = request.Options.Sampling with { Seed = unchecked(request.Options.Sampling.Seed!.Value + (ulong)choice) },
        };
        LanguageModel model = request.Model.Model;
        try
        {
            return request.IsChat ? model.GenerateAnswerAsync(prompt, request.Start, options, cancellation) : model.GenerateAsync(prompt, options, cancellation);
        }
        catch (Exception e)
        {
            measured.Fail(e);
            throw;
        }
    }

    // One that fails ends the others too: the request has no answer then.
    private static async Task Pump(IAsyncEnumerable<GeneratedPiece> answer, int index, ChannelWriter<(int, GeneratedPiece)> pieces, RequestMeasurement measured, CancellationTokenSource leave)
    {
        try
        {
            await foreach (GeneratedPiece piece in answer.ConfigureAwait(false))
            {
                measured.See(index, piece);
                await pieces.WriteAsync((index, piece)).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            measured.Fail(e);
            await leave.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
