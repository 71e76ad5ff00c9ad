using ParScale.Training.Evaluation;
using ParScale.Training.Reporting;
using Tensorboard;

namespace ParScale.Training.Tests.Reporting;

public sealed class EventLogTests
{
    private static readonly StreamReport Streams = new([2.5, 2.75], 2.25, 0.5, 0.25, [0.375, 0.625], 0.9375, 0.96875);

    [Fact]
    public void Rows_come_back_with_their_steps_and_times()
    {
        using var folder = new TempFolder();
        double before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;
        using (var log = new EventLog(folder.Path, 0))
        {
            log.Write(Row(10));
            log.Write(Row(20) with { ValLossPerToken = 3.5, ValLossPerCharacter = 1.5, Streams = Streams });
        }
        Event[] records = Records(folder);
        Assert.Equal("brain.Event:2", records[0].FileVersion);
        Assert.Equal(SessionLog.Types.SessionStatus.Start, records[1].SessionLog.Status);
        Assert.All(records, record => Assert.InRange(record.WallTime, before, before + 60));
        Assert.Equal([10, 20], records.Skip(2).Select(record => record.Step));
        Assert.Equal(
            ["grad_norm 0.75", "lr 0.001953125", "share_of_peak 0.125", "tokens/s 1000", "train/loss 10"], Scalars(records[2]));
        Assert.Equal(
            [
                "grad_norm 0.75", "lr 0.001953125", "share_of_peak 0.125", "streams/average_loss 2.25", "streams/cosine 0.25", "streams/loss_1 2.5",
                "streams/loss_2 2.75", "streams/rho 0.5", "streams/weight_1 0.375", "streams/weight_2 0.625", "streams/weight_balance 0.96875",
                "streams/weight_entropy 0.9375", "tokens/s 1000", "train/loss 20", "val/loss 3.5", "val/loss_per_character 1.5",
            ],
            Scalars(records[3]));
    }

    [Fact]
    public void A_resumed_run_has_every_step_once_in_one_file()
    {
        using var folder = new TempFolder();
        using (var log = new EventLog(folder.Path, 0))
            foreach (long step in (long[])[10, 20, 30]) log.Write(Row(step));
        // A kill in the middle of a record.
        string file = Assert.Single(Directory.GetFiles(folder.Path));
        using (FileStream cut = File.OpenWrite(file)) cut.SetLength(cut.Length - 3);
        double time = Records(folder)[2].WallTime;

        using (var log = new EventLog(folder.Path, 20)) log.Write(Row(30));
        using (var log = new EventLog(folder.Path, 20)) log.Write(Row(30));
        Event[] records = Records(folder);
        Assert.Equal([10, 20, 30], records.Skip(2).Select(record => record.Step));
        Assert.Equal(time, records[2].WallTime);

        using (var log = new EventLog(folder.Path, 0)) log.Write(Row(10));
        Assert.Equal([10], Records(folder).Skip(2).Select(record => record.Step));
    }

    [Fact]
    public void A_damaged_record_ends_the_file()
    {
        using var folder = new TempFolder();
        using (var log = new EventLog(folder.Path, 0))
            foreach (long step in (long[])[10, 20]) log.Write(Row(step));
        string file = Assert.Single(Directory.GetFiles(folder.Path));
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^10] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Equal([10], Records(folder).Skip(2).Select(record => record.Step));
    }

    [Fact]
    public void The_checksum_is_the_masked_one_of_the_format()
    {
        // The CRC-32C of "123456789" is 0xe3069283; an event of nothing but a file version of that text is checked by hand here.
        using var stream = new MemoryStream();
        EventFile.Append(stream, new Event { FileVersion = "1234567" });
        byte[] bytes = stream.ToArray();
        Assert.Equal([9, 0, 0, 0, 0, 0, 0, 0], bytes[..8]);
        Assert.Equal([0x1a, 7, .. "1234567"u8], bytes[12..21]);
        Assert.Equal(Masked(bytes.AsSpan(0, 8)), BitConverter.ToUInt32(bytes, 8));
        Assert.Equal(Masked(bytes.AsSpan(12, 9)), BitConverter.ToUInt32(bytes, 21));
        Assert.Equal(Mask(0xe3069283), Masked("123456789"u8));
    }

    private static uint Masked(ReadOnlySpan<byte> content)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in content)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82f63b78 : crc >> 1;
        }
        return Mask(~crc);
    }

    private static uint Mask(uint crc) => ((crc >> 15) | (crc << 17)) + 0xa282ead8;

    private static LogRow Row(long step) => new(step, step * 16, step, null, null, 0.001953125, 0.75, 1000, 1, 0.125);

    private static Event[] Records(TempFolder folder) => [.. EventFile.Read(Assert.Single(Directory.GetFiles(folder.Path)))];

    private static string[] Scalars(Event record) =>
        [.. record.Summary.Value.Select(value => FormattableString.Invariant($"{value.Tag} {value.SimpleValue}")).Order(StringComparer.Ordinal)];
}
