namespace ParScale.ScalingLaws.Cost;

/// <summary>Adds up the parts of one pass.</summary>
internal sealed class PassTime(Device device)
{
    /// <summary>All parts so far.</summary>
    public double Seconds { get; private set; }

    /// <summary>Those that waited for memory.</summary>
    public double ReadSeconds { get; private set; }

    /// <summary>A part that reads and multiplies at the same time: the slower of the two is what it takes.</summary>
    public void Add(double bytes, double products, double productRate)
    {
        double read = bytes / device.ReadReached, multiply = products / productRate;
        Seconds += Math.Max(read, multiply);
        if (read >= multiply) ReadSeconds += read;
    }

    /// <summary>What the layers take beside reading and multiplying.</summary>
    public void AddOverhead(ModelShape shape, double rows) =>
        Seconds += shape.Layers * (device.LayerSeconds + device.ValueSeconds * rows * shape.Hidden);
}
