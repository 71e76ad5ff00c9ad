namespace ParScale.Model;

/// <summary>
/// Where the plain weights of an add-on are: a folder that holds only prefixes and aggregator, trained on a frozen model.
/// </summary>
/// <param name="Path">The backbone's folder, relative to the add-on's or absolute; parts are separated by <c>/</c>.</param>
/// <param name="Hash">XXH128 of the backbone's weights as <see cref="Checkpoints.BackboneHash"/> takes it, 32 hexadecimal digits.</param>
public sealed record BackboneReference(string Path, string Hash)
{
    /// <summary>The same backbone, seen from an add-on in <paramref name="folder"/>: this path is taken from the current folder.</summary>
    internal BackboneReference From(string folder) =>
        this with { Path = System.IO.Path.GetRelativePath(folder, Path).Replace(System.IO.Path.DirectorySeparatorChar, '/') };
}
