using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Steps;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Desk;

/// <summary>The filters of the clinic's bookings, which the list and its download share.</summary>
/// <remarks>
/// An index over all bookings by time would cost each booking a write. The bookings of all doctors are therefore merged
/// from the index of each doctor. A page reads its own length from each doctor. A rare status reads more, unless a time
/// is given.
/// </remarks>
/// <param name="From">The first start.</param>
/// <param name="To">The instant before which bookings start.</param>
/// <param name="Sort">starts_at, or -starts_at when not given.</param>
sealed record BookingFilters(
    [property: FromQuery(Name = "doctor_id")] Guid? DoctorId,
    [property: FromQuery(Name = "patient_id")] Guid? PatientId, string? Status, QueryInstant? From, QueryInstant? To,
    string? Sort)
{
    public RequestValidation Check() => new RequestValidation().OneOf("status", Status, LifeCycle.Statuses)
        .OneOf("sort", Sort, ListBookings.Sorts);

    /// <summary>The statement that reads the bookings in their order.</summary>
    /// <param name="after">The start and the id of the booking before the first one; null to begin.</param>
    public Statement Select(NpgsqlConnection connection, int limit, Instant? after = null, Guid? afterId = null) =>
        Bind(connection.Statement(PatientId is null
                ? Sort == ListBookings.Soonest ? SoonestOfDoctors : LatestOfDoctors
                : Sort == ListBookings.Soonest ? SoonestOfPatient : LatestOfPatient), limit, after, afterId);

    /// <summary>The number of bookings that pass the filters, at most <paramref name="limit"/>.</summary>
    public Task<int> Count(NpgsqlDataSource db, int limit, CancellationToken ct) =>
        Bind(db.Statement(PatientId is null ? CountOfDoctors : CountOfPatient), limit, null, null).Value<int>(ct);

    Statement Bind(Statement statement, int limit, Instant? after, Guid? afterId) => statement.With(DoctorId)
        .With(PatientId).With(Status).With(From?.Value).With(To?.Value).With(after).With(afterId).With(limit);

    const string Passes = $"""
        ($3::text is null or $3 = {Booking.StatusNow})
           and b.starts_at >= coalesce($4::timestamptz, '-infinity')
           and b.starts_at < coalesce($5::timestamptz, 'infinity')
        """;

    const string After = "(b.starts_at, b.id) > (coalesce($6::timestamptz, '-infinity'), $7::uuid)";

    const string Before = "(b.starts_at, b.id) < (coalesce($6::timestamptz, 'infinity'), $7::uuid)";

    const string Soonest = "order by b.starts_at, b.id limit $8";

    const string Latest = "order by b.starts_at desc, b.id desc limit $8";

    const string OfPatient = $"""
        from scheduling.bookings b where b.patient_id = $2 and ($1::uuid is null or b.doctor_id = $1) and {Passes}
        """;

    const string OfOneDoctor = $"from scheduling.bookings b where b.doctor_id = d.id and {Passes}";

    const string OfDoctors = "from doctors.practitioners d cross join lateral";

    // A range of ids, so that one plan finds one doctor by the index and all doctors in its order.
    const string AllOrOne = """
        where d.id >= coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
          and d.id <= coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') and $2::uuid is null
        """;

    const string SoonestOfPatient = $"""
        select {DeskBooking.Columns}
          from (select b.* {OfPatient} and {After} {Soonest}) b {DeskBooking.People} {Soonest}
        """;

    const string LatestOfPatient = $"""
        select {DeskBooking.Columns}
          from (select b.* {OfPatient} and {Before} {Latest}) b {DeskBooking.People} {Latest}
        """;

    const string SoonestOfDoctors = $"""
        select {DeskBooking.Columns}
          from (select b.* {OfDoctors} (select b.* {OfOneDoctor} and {After} {Soonest}) b {AllOrOne} {Soonest}) b
               {DeskBooking.People} {Soonest}
        """;

    const string LatestOfDoctors = $"""
        select {DeskBooking.Columns}
          from (select b.* {OfDoctors} (select b.* {OfOneDoctor} and {Before} {Latest}) b {AllOrOne} {Latest}) b
               {DeskBooking.People} {Latest}
        """;

    const string CountOfPatient = $"select count(*)::int from (select {OfPatient} and {After} limit $8) b";

    const string CountOfDoctors = $"""
        select count(*)::int
          from (select {OfDoctors} (select {OfOneDoctor} and {After} limit $8) b {AllOrOne} limit $8) b
        """;
}
