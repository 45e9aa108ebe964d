using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using QRCoder;

namespace Amrutam.Identity.SecondFactor;

/// <summary>Offers the caller an authenticator secret: as text, as the URI that apps take, and as a picture of
/// it.</summary>
static class OfferSecondFactor
{
    sealed record Response(string Secret, string OtpauthUri, string QrPng);

    const int PixelsPerModule = 6;

    public static void Map(RouteGroupBuilder factor) =>
        factor.MapPost("", Handle).WithSummary("Begin to enrol an authenticator app")
        .Produces<Response>().WithProblems([IdentityProblems.SecondFactorIsThere, IdentityProblems.EmailNotVerified,
            .. Reauthentication.Refusals]);

    static async Task<IResult> Handle(Proof proof, HttpContext http, CurrentUser caller, Reauthentication again,
        Authenticators authenticators)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return known.Refusal!;
        if (!user.EmailConfirmed) return IdentityProblems.EmailNotVerified.Because();
        if (await authenticators.Enrol(caller) is not { } secret) return IdentityProblems.SecondFactorIsThere.Because();
        var uri = Totp.Uri(secret, user.Email!);
        return TypedResults.Ok(new Response(Totp.Base32(secret), uri, Picture(uri)));
    }

    /// <summary>A data URI, so that a page may show it as it is.</summary>
    static string Picture(string uri)
    {
        using var data = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var code = new PngByteQRCode(data);
        return "data:image/png;base64," + Convert.ToBase64String(code.GetGraphic(PixelsPerModule));
    }
}
