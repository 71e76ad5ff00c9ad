namespace ParScale.TestSupport.Hub;

/// <summary>An answer, and how it goes wrong on its way.</summary>
public sealed class FakeAnswer
{
    public int Status { get; set; } = 200;

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public byte[] Body { get; set; } = [];

    /// <summary>The length that is announced; null announces the true one, negative none.</summary>
    public long? Announced { get; set; }

    /// <summary>Closes the connection after so many bytes of the body.</summary>
    public int? CutAfter { get; set; }

    /// <summary>Sends so many bytes of the body and then nothing, until the client goes.</summary>
    public int? StallAfter { get; set; }

    /// <summary>Goes on with zeros for ever.</summary>
    public bool Endless { get; set; }

    /// <summary>Waits before each piece of 64 KiB.</summary>
    public Func<Task>? BeforePiece { get; set; }

    public static FakeAnswer Of(int status, string? errorCode = null)
    {
        var answer = new FakeAnswer { Status = status };
        if (errorCode is not null) answer.Headers["X-Error-Code"] = errorCode;
        return answer;
    }

    public FakeAnswer With(string header, string value)
    {
        Headers[header] = value;
        return this;
    }
}
