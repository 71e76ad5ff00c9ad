namespace ParScale.Training.Data.Order;

/// <summary>One way to fill rows with the documents of a part, in stored order.</summary>
internal interface IRowSet
{
    /// <summary>The number of rows.</summary>
    long Count { get; }

    /// <summary>Writes row <paramref name="row"/> as row <paramref name="at"/> of <paramref name="batch"/>, whose rows are written in order.</summary>
    void Fill(long row, Batch batch, int at);
}
