using ParScale.Text.Chat;

namespace ParScale.Training.Data.Rows;

/// <summary>One message of a chat. What it says is <paramref name="Learned"/>, with the token that ends it, or only read.</summary>
internal sealed record ChatTurn(ChatMessage Message, bool Learned);
