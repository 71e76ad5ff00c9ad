namespace ParScale.Training.Data.Order;

/// <summary>
/// All rows that a run will see, numbered from 0 over all epochs. The order is a function of data, seed and row number alone: it is the
/// same for every P and any number of processes, and resuming needs no state but the step.
/// </summary>
internal interface IRowOrder
{
    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> - 1.</summary>
    Batch Rows(long first, int count);
}
