using System.Globalization;
using System.Text;

namespace Amrutam.Bench.Faults;

/// <summary>A request to book: its key, slot and patient.</summary>
sealed record Attempt(Guid Key, Guid Slot, int Patient);

/// <summary>The final answer of an attempt.</summary>
/// <param name="Booking">The booking that the server acknowledged; null if it refused.</param>
sealed record Answer(Guid Key, int Status, Guid? Booking);

/// <summary>The client's own record of what it sent and what it was answered, in a file.</summary>
/// <remarks>A line is on the disk before its request is sent, and before its answer counts. So the record of a client
/// that is killed claims no less than the servers acknowledged to it.</remarks>
sealed class Ledger(string folder, int client) : IDisposable
{
    const string Sent = "sent", Answered = "answered", Nothing = "-", Pattern = "ledger-*";

    readonly Lock _one = new();
    readonly FileStream _file = new(Path.Combine(folder, $"ledger-{client}"), FileMode.CreateNew, FileAccess.Write);

    public void Write(Attempt attempt) => Write(string.Create(CultureInfo.InvariantCulture,
        $"{Sent} {attempt.Key} {attempt.Slot} {attempt.Patient}\n"));

    public void Write(Answer answer) => Write(string.Create(CultureInfo.InvariantCulture,
        $"{Answered} {answer.Key} {answer.Status} {answer.Booking?.ToString() ?? Nothing}\n"));

    public void Dispose() => _file.Dispose();

    /// <summary>Reads the files of all clients.</summary>
    public static (Dictionary<Guid, Attempt> Attempts, List<Answer> Answers) Read(string folder)
    {
        var (attempts, answers) = (new Dictionary<Guid, Attempt>(), new List<Answer>());
        foreach (var line in Directory.EnumerateFiles(folder, Pattern).SelectMany(File.ReadLines))
            if (line.Split(' ') is [Sent, var sent, var slot, var patient])
                attempts.Add(Guid.Parse(sent), new(Guid.Parse(sent), Guid.Parse(slot), Number(patient)));
            else if (line.Split(' ') is [Answered, var key, var status, var booking])
                answers.Add(new(Guid.Parse(key), Number(status), booking == Nothing ? null : Guid.Parse(booking)));
            else throw new InvalidDataException("The ledger has a line that is not its own: " + line);
        return (attempts, answers);
    }

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    void Write(string line)
    {
        lock (_one)
        {
            _file.Write(Encoding.ASCII.GetBytes(line));
            _file.Flush(flushToDisk: true);
        }
    }
}
