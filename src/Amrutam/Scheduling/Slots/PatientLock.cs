using System.Buffers.Binary;

namespace Amrutam.Scheduling.Slots;

/// <summary>The advisory lock that orders everything a patient does to their own bookings.</summary>
static class PatientLock
{
    /// <summary>The same number as <c>scheduling.patient_lock</c>, which the database's own guard takes.</summary>
    public static long Of(Guid patient)
    {
        Span<byte> bytes = stackalloc byte[16];
        patient.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
    }
}
