using System.Text.Json;
using ParScale.Training.Commands;
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
    public void A_reader_of_the_public_format_finds_every_record_of_a_run()
    {
        using var folder = new TempFolder();
        string[] words = Samples.Run(folder, "run", ("--streams", "2"), ("--eval-every", "4"), ("--steps", "12"));
        Assert.Equal(0, CommandLine.Run(words));
        Check(folder);
        // Resumed, the file is written anew with what the earlier one held.
        Directory.Delete(folder.File("run/final"), recursive: true);
        Directory.Delete(folder.File("run/checkpoint-12"), recursive: true);
        Assert.Equal(0, CommandLine.Run([.. words, "--resume"]));
        Check(folder);
    }

    private static void Check(TempFolder folder)
    {
        const int Start = 1;
        string file = Assert.Single(Directory.GetFiles(folder.File("run/tensorboard")));
        Assert.StartsWith("events.out.tfevents.", Path.GetFileName(file), StringComparison.Ordinal);
        TfEvents[] records = TfEvents.Read(file);
        Assert.Equal(("brain.Event:2", 0L), (records[0].FileVersion, records[0].Step));
        Assert.Equal((Start, 0L), (records[1].SessionStatus, records[1].Step));
        JsonElement[] rows = [.. File.ReadLines(folder.File("run/log.jsonl")).Skip(1).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(rows.Select(row => row.GetProperty("step").GetInt64()), records.Skip(2).Select(record => record.Step));
        foreach ((JsonElement row, TfEvents record) in rows.Zip(records.Skip(2)))
        {
            Dictionary<string, float> scalars = record.Scalars.ToDictionary(scalar => scalar.Tag, scalar => scalar.Value);
            var expected = new Dictionary<string, float>();
            Add("train/loss", "train_loss");
            Add("val/loss", "val_loss_per_token");
            Add("val/loss_per_character", "val_loss_per_character");
            Add("lr", "learning_rate");
            Add("grad_norm", "gradient_norm");
            Add("tokens/s", "tokens_per_second");
            Add("share_of_peak", "share_of_peak");
            Add("memory/bytes", "memory_bytes");
            Add("memory/tensors", "live_tensors");
            if (row.TryGetProperty("streams", out JsonElement streams) && streams.ValueKind == JsonValueKind.Object)
            {
                foreach (string name in (string[])["average_loss", "rho", "cosine", "weight_entropy", "weight_balance"])
                    expected[$"streams/{name}"] = (float)streams.GetProperty(name).GetDouble();
                for (int p = 0; p < 2; p++)
                {
                    expected[$"streams/loss_{p + 1}"] = (float)streams.GetProperty("losses")[p].GetDouble();
                    expected[$"streams/weight_{p + 1}"] = (float)streams.GetProperty("weights")[p].GetDouble();
                }
            }
            Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), scalars.OrderBy(pair => pair.Key, StringComparer.Ordinal));
            Assert.InRange(record.WallTime, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 3600, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);

            void Add(string tag, string key)
            {
                if (row.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number) expected[tag] = (float)value.GetDouble();
            }
        }
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
        Assert.Equal(TfEvents.Masked(bytes.AsSpan(0, 8)), BitConverter.ToUInt32(bytes, 8));
        Assert.Equal(TfEvents.Masked(bytes.AsSpan(12, 9)), BitConverter.ToUInt32(bytes, 21));
        Assert.Equal(TfEvents.Mask(0xe3069283), TfEvents.Masked("123456789"u8));
    }

    private static LogRow Row(long step) => new(step, step * 16, step, null, null, 0.001953125, 0.75, 1000, 1, 0.125);

    private static Event[] Records(TempFolder folder) => [.. EventFile.Read(Assert.Single(Directory.GetFiles(folder.Path)))];

    private static string[] Scalars(Event record) =>
        [.. record.Summary.Value.Select(value => FormattableString.Invariant($"{value.Tag} {value.SimpleValue}")).Order(StringComparer.Ordinal)];
}
