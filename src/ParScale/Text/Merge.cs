namespace ParScale.Text;

/// <summary>What a pair of neighbouring tokens joins to.</summary>
/// <param name="Rank">Its place in the file's list; lower ranks are joined first.</param>
/// <param name="Id">The token id that replaces the pair.</param>
internal readonly record struct Merge(int Rank, int Id);
