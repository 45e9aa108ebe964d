using Amrutam.Platform.Data;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Npgsql;

namespace Amrutam.Bench.Faults;

/// <summary>Defects that a run must find. A run that does not find them shows nothing when it finds none.</summary>
static class PlantedDefects
{
    public const string Constraint = "constraint", Cancellation = "cancellation";

    /// <summary>Npgsql's default: it cancels a statement that lasts too long and waits two seconds for the
    /// answer.</summary>
    const int DefaultCancellation = 2000;

    /// <summary>Removes the guards against two bookings of a slot, and against two of a patient at a time.</summary>
    public static async Task DropConstraints(string owner)
    {
        await using var db = NpgsqlDataSource.Create(owner);
        await db.Statement("drop trigger bookings_of_a_patient_do_not_overlap on scheduling.bookings").Execute();
        await db.Statement("drop trigger changed_bookings_of_a_patient_do_not_overlap on scheduling.bookings")
            .Execute();
        await db.Statement("drop index scheduling.one_active_booking_per_slot").Execute();
    }

    /// <summary>Copies the server with Npgsql's default cancellation, and without the judgement of PostgreSQL's
    /// warning.</summary>
    /// <returns>The path of the copy's Amrutam.dll.</returns>
    /// <remarks>The change is made to the compiled code, so that the product has no switch for a defect.</remarks>
    public static string WithDefaultCancellation(string folder)
    {
        var copy = Path.Combine(folder, "planted");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        var library = typeof(Database).Assembly.GetName().Name + ".dll";
        using (var assembly = AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, library)))
        {
            var types = assembly.MainModule.GetTypes().ToList();
            var set = types.SelectMany(type => type.Methods).Where(method => method.HasBody)
                .SelectMany(method => method.Body.Instructions).Where(SetsCancellation).ToList();
            var watch = types.Find(type => type.Name == nameof(CommitWatch))?.Methods
                .FirstOrDefault(method => method.Name == nameof(CommitWatch.ThrowIfUnknown));
            if (set.Count == 0 || watch is null)
                throw new FaultException("The server's code has changed, so the defect cannot be planted.");
            foreach (var call in set)
                (call.Previous.OpCode, call.Previous.Operand) = (OpCodes.Ldc_I4, DefaultCancellation);
            watch.Body.Instructions.Clear();
            watch.Body.Instructions.Add(Instruction.Create(OpCodes.Ret));
            assembly.Write(Path.Combine(copy, library));
        }
        return Path.Combine(copy, typeof(Program).Assembly.GetName().Name + ".dll");
    }

    static bool SetsCancellation(Instruction instruction) => instruction.Operand is MethodReference
    {
        Name: "set_" + nameof(NpgsqlConnectionStringBuilder.CancellationTimeout),
    } && instruction.Previous.OpCode == OpCodes.Ldc_I4_M1;
}
