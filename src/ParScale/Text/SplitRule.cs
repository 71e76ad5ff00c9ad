namespace ParScale.Text;

/// <summary>The two ways of cutting text into words that are known; no expression from a file is ever run.</summary>
internal enum SplitRule
{
    /// <summary>Qwen2's expression: letters with one sign before them, single digits, signs, white space.</summary>
    Qwen2,

    /// <summary>GPT-2's expression: letters, digits or signs, each with one space before them, and white space.</summary>
    Gpt2,
}
