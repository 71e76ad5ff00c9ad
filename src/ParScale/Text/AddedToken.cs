namespace ParScale.Text;

/// <summary>One entry of a tokenizer file's <c>added_tokens</c>: a string that is matched whole, before the merges.</summary>
/// <param name="Id">Its token id.</param>
/// <param name="Content">The string that is matched.</param>
/// <param name="SingleWord">Matches only where no word character touches it.</param>
/// <param name="StripLeft">Also takes the white space before it.</param>
/// <param name="StripRight">Also takes the white space after it.</param>
/// <param name="Normalized">Is matched in the normalised text instead of the text as given.</param>
/// <param name="Special">Controls the model: never made from ordinary text.</param>
/// <param name="InVocabulary">The model's own vocabulary has it too.</param>
internal sealed record AddedToken(
    int Id, string Content, bool SingleWord, bool StripLeft, bool StripRight, bool Normalized, bool Special, bool InVocabulary = false);
