using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using OtpNet;
using QRCoder;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Creates an authenticator secret and returns it as text, as a key URI and as a QR code. It needs a proven
/// address.</summary>
static class OfferSecondFactor
{
    sealed record Response(string Secret, string OtpauthUri, string QrPng);

    const int PixelsPerModule = 6;

    public static void Map(RouteGroupBuilder factor) =>
        factor.MapPost("", Handle).WithSummary("Begin to enrol an authenticator app")
            .WithDescription("Gives a secret. The second factor counts from its confirmation on.")
        .Produces<Response>().WithProblems([IdentityProblems.SecondFactorIsThere, IdentityProblems.EmailNotVerified,
            .. Reauthentication.Refusals]);

    static async Task<IResult> Handle(Proof proof, HttpContext http, CurrentUser caller, Reauthentication again,
        Authenticators authenticators)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return known.Refusal!;
        if (!user.EmailConfirmed) return IdentityProblems.EmailNotVerified.Because();
        if (await authenticators.Enrol(caller) is not { } secret) return IdentityProblems.SecondFactorIsThere.Because();
        var uri = new OtpUri(OtpType.Totp, secret, user.Email!, "Amrutam").ToString();
        return TypedResults.Ok(new Response(Base32Encoding.ToString(secret), uri, Picture(uri)));
    }

    /// <summary>The QR code as a data URI, which a page can show directly.</summary>
    static string Picture(string uri)
    {
        using var data = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var code = new PngByteQRCode(data);
        return "data:image/png;base64," + Convert.ToBase64String(code.GetGraphic(PixelsPerModule));
    }
}
