using ParScale.Checkpoints;
using ParScale.Files;

namespace ParScale.Configuration;

/// <summary>
/// Where the plain weights of an add-on are: a folder that holds only prefixes and aggregator, trained on a frozen model.
/// </summary>
/// <param name="Path">The backbone's folder, relative to the add-on's or absolute; parts are separated by <c>/</c>.</param>
/// <param name="Hash">Which weights must be there.</param>
public sealed record BackboneReference(string Path, BackboneHash Hash)
{
    /// <summary>The same backbone, seen from an add-on in <paramref name="folder"/>: this path is taken from the current folder.</summary>
    internal BackboneReference From(string folder)
    {
        // The way up begins where the folder really is; links on the way down to the backbone are the user's choice and stay.
        string path = System.IO.Path.GetRelativePath(SystemPath.Real(folder), SystemPath.Full(Path));
        return this with { Path = path.Replace(System.IO.Path.DirectorySeparatorChar, '/') };
    }
}
