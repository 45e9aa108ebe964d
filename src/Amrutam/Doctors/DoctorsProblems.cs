using Amrutam.Platform.Http.Problems;

namespace Amrutam.Doctors;

/// <summary>The problems of profiles; where a constraint holds the rule, the code is its name.</summary>
static class DoctorsProblems
{
    public static readonly Problem OneProfilePerDoctor =
        new(409, "one_profile_per_doctor", "You have a profile; change it instead");
    public static readonly Problem OneDoctorPerRegistration = new(409, "one_doctor_per_registration",
        "Another doctor has this registration number of this council; correct the number or the council");
    public static readonly Problem TooManyProfileChanges = new(429, "too_many_profile_changes",
        "You have changed your profile too often within an hour; wait before you change it again")
    { IsLimit = true };
}
