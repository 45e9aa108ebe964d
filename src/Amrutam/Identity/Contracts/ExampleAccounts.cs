namespace Amrutam.Identity.Contracts;

/// <summary>The ids of the accounts in the examples of the API's description. The demo has these accounts, so that an
/// example works when it is tried there.</summary>
static class ExampleAccounts
{
    public static readonly Guid Doctor = Guid.Parse("0193f7f2-0a10-7b1d-8c55-3e0d9a7b6c01");
    public static readonly Guid Patient = Guid.Parse("0193f7f2-0b22-7d4e-9a66-4f1eab8c7d02");
}
