namespace ParScale.Text;

/// <summary>The classes of Unicode code points that the splitting rules tell apart.</summary>
internal enum CharacterClass : byte
{
    /// <summary>Everything else: signs, marks, controls, unassigned.</summary>
    Other,

    /// <summary><c>\p{L}</c>.</summary>
    Letter,

    /// <summary><c>\p{N}</c>.</summary>
    Number,

    /// <summary><c>\s</c>, Unicode's White_Space, without the next.</summary>
    Space,

    /// <summary>Carriage return or line feed.</summary>
    NewLine,
}
