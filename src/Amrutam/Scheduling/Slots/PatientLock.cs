using System.Buffers.Binary;

namespace Amrutam.Scheduling.Slots;

/// <summary>The advisory lock that serializes the changes of a patient's bookings, and those of an account.</summary>
static class PatientLock
{
    /// <summary>The locks of these patients and accounts, each once, in the order in which every transaction takes
    /// them.</summary>
    public static IEnumerable<long> InOrder(IEnumerable<Guid> people) => people.Select(Of).Distinct().Order();

    /// <summary>The same number as <c>scheduling.patient_lock</c>, which the trigger on bookings locks.</summary>
    public static long Of(Guid patient)
    {
        Span<byte> bytes = stackalloc byte[16];
        patient.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
    }
}
