namespace ParScale.ScalingLaws.Cost;

/// <summary>Adds up the parts of one pass.</summary>
internal sealed class PassTime(Device device)
{
    /// <summary>All parts so far.</summary>
    public double Seconds { get; private set; }

    /// <summary>Those that waited for memory.</summary>
    public double ReadSeconds { get; private set; }

    /// <summary>A part that reads and multiplies at the same time, as far as <see cref="Device.Overlap"/> goes.</summary>
    public void Add(double bytes, double products, double productRate)
    {
        double read = bytes / device.ReadReached, multiply = products / productRate;
        double slower = Math.Max(read, multiply);
        if (slower == 0) return;
        double share = Math.Min(read, multiply) / slower;
        double seconds = slower * Math.Pow(1 + Math.Pow(share, device.Overlap), 1 / device.Overlap);
        Seconds += seconds;
        if (read >= multiply) ReadSeconds += seconds;
    }

    /// <summary>What the layers, and on a graphics card all shaders, take beside reading and multiplying.</summary>
    public void AddOverhead(ModelShape shape) => Seconds += shape.Layers * device.LayerSeconds
        + (shape.Layers * (double)device.LayerDispatches + device.PassDispatches) * device.DispatchSeconds;
}
