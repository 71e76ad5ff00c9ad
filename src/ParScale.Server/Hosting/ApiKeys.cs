using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>The keys of which a request must bring one. They are kept and compared as hashes, in a time that tells nothing.</summary>
internal sealed class ApiKeys(IReadOnlyList<string> keys)
{
    private const string Scheme = "Bearer ";
    private const int LongestKey = 4096;

    private readonly byte[][] _hashes = [.. keys.Select(key => SHA256.HashData(Encoding.UTF8.GetBytes(key)))];

    /// <summary>Whether none is needed.</summary>
    public bool AreOff => _hashes.Length == 0;

    /// <summary>
    /// Whose request it is: a word that is the same for the same key, and tells nothing of it; empty when no keys are set.
    /// </summary>
    /// <exception cref="ApiException">The key is missing or wrong (401).</exception>
    public string Require(HttpRequest request)
    {
        if (AreOff) return "";
        string header = request.Headers.Authorization.ToString();
        string key = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : request.Headers["x-api-key"].ToString();
        if (key.Length is > 0 and <= LongestKey)
        {
            byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
            int found = -1;
            for (int i = 0; i < _hashes.Length; i++)
                if (CryptographicOperations.FixedTimeEquals(hash, _hashes[i])) found = i;
            if (found >= 0) return Convert.ToHexString(hash.AsSpan(0, 8));
        }
        throw new ApiException(StatusCodes.Status401Unauthorized,
            key.Length == 0 ? "an API key is needed: send Authorization: Bearer KEY" : "the API key is wrong", "invalid_request_error", code: "invalid_api_key");
    }
}
