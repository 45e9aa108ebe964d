using System.Text;
using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker wants a name or an address that people take for another one.</summary>
public sealed class LookAlikeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    /// <summary>Every route that takes a free name, with the member that has it.</summary>
    static readonly (string Role, string Method, string Path, string Field, Func<string, object> Body)[] Names = [
        ("patient", "PATCH", "/api/me", "full_name", name => new { full_name = name }),
        ("patient", "POST", "/api/auth/signup", "full_name",
            name => new { email = "a@example.org", password = Person.Password, full_name = name }),
        ("patient", "POST", "/api/auth/invitations/acceptance", "full_name",
            name => new { token = "x", password = Person.Password, full_name = name }),
        ("patient", "POST", "/api/auth/passkey/signup/options", "full_name",
            name => new { email = "a@example.org", full_name = name }),
        ("patient", "POST", "/api/auth/passkey/signup", "full_name", name => new
        {
            challenge_id = Guid.Empty, email = "a@example.org", credential = new { }, full_name = name
        }),
        ("patient", "POST", "/api/me/passkeys", "name",
            name => new { challenge_id = Guid.Empty, credential = new { }, name }),
        ("patient", "PATCH", "/api/me/passkeys/AAAA", "name", name => new { name }),
        ("patient", "POST", "/api/waitlist", "specialization", name => new { specialization = name }),
        .. ((string[])["full_name", "specialization", "registration_number", "registration_council"]).SelectMany(
            field => new (string, string, string, string, Func<string, object>)[]
            {
                ("doctor", "POST", "/api/doctors/profile", field,
                    name => new Dictionary<string, object>
                    {
                        ["full_name"] = "A", ["specialization"] = "B", ["experience"] = 1, ["bio"] = "C", [field] = name
                    }),
                ("profile", "PATCH", "/api/doctors/profile", field,
                    name => new Dictionary<string, object> { [field] = name }),
            }),
    ];

    [Theory]
    [InlineData("Asha\u202E oaR", "cannot be seen (U+202E)")]
    [InlineData("Ash\u200Ba Rao", "cannot be seen (U+200B)")]
    [InlineData("Asha\u2066Rao", "cannot be seen (U+2066)")]
    [InlineData("Asha\u00AD Rao", "cannot be seen (U+00AD)")]
    [InlineData("Asha\u200E Rao", "cannot be seen (U+200E)")]
    [InlineData("As\u200Dha Rao", "cannot be seen (U+200D)")]
    [InlineData("Asha\u3164Rao", "cannot be seen (U+3164)")]
    [InlineData("Asha\nRao", "cannot be seen (U+000A)")]
    [InlineData("Asha\U000E0041", "cannot be seen (U+E0041)")]
    [InlineData("\u0410sha Rao", "mixes Cyrillic and Latin letters in one word")]
    [InlineData("Asha R\u03B1o", "mixes Latin and Greek letters in one word")]
    [InlineData("\U0001D400sha Rao", "has a styled letter (U+1D400)")]
    [InlineData("Asha\uFFFE", "is not allowed")]
    public async Task No_free_name_has_hidden_characters_or_mixed_scripts(string name, string error)
    {
        foreach (var (role, method, path, field, body) in Names)
        {
            var person = role == "profile" ? await Server.Doctor() : await Server.User(role);
            var reply = await person.Http.Send(new(method), path, body(name));
            reply.Is(422, "invalid_fields").Body.GetProperty("errors").GetProperty(field)[0].GetString()!
                .ShouldContain(error, customMessage: $"{method} {path} {field}");
        }
    }

    [Theory]
    [InlineData("आशा राव")]
    [InlineData("श्\u200Dयाम")]
    [InlineData("র\u200D্যাব")]
    [InlineData("علی\u200Cرضا")]
    [InlineData("അവന്\u200D")]
    [InlineData("Asha (आशा) Rao")]
    [InlineData("O’Brien-Łukasz, MD")]
    [InlineData("山田ハナコ")]
    [InlineData("김철수")]
    [InlineData("ทดสอบ")]
    [InlineData("Иван Петров")]
    [InlineData("Asha 🩺")]
    [InlineData("Asha ❤\uFE0F")]
    public async Task Names_of_people_are_kept_as_they_are_written(string name)
    {
        var person = await Server.User("patient");
        (await person.Http.Patch("/api/me", new { full_name = name })).Is(200)["full_name"]
            .ShouldBe(UnicodeText.Normal(name, NormalizationForm.FormC));
    }

    [Fact]
    public void Free_text_may_have_lines_and_joiners_and_nothing_that_turns_its_neighbours()
    {
        TextRules.ViolationOfText("Two\nlines,\ta tab, 👩\u200D⚕\uFE0F and p\u0430ypal").ShouldBeNull();
        TextRules.ViolationOfText("fee \u202E001").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("  asha@Example.ORG ", "asha@example.org")]
    [InlineData("\u00A0asha@example.org\u3000", "asha@example.org")]
    [InlineData("आशा@डाक.भारत", "आशा@xn--11bx1g.xn--h2brj9c")]
    [InlineData("asha@BÜCHER.example", "asha@xn--bcher-kva.example")]
    [InlineData("asha@example。org", "asha@example.org")]
    [InlineData("asha@[127.0.0.1]", null)]
    [InlineData("asha@[IPv6:::1]", null)]
    [InlineData("asha@127.0.0.1", null)]
    [InlineData("asha@localhost", null)]
    [InlineData("ash\u200Ba@example.org", null)]
    [InlineData("ash\u202Ea@example.org", null)]
    [InlineData("\u0430sha@example.org", null)]
    [InlineData("asha@p\u0430ypal.com", null)]
    [InlineData("asha@xn--a.org", null)]
    [InlineData("asha@exa_mple.org", null)]
    [InlineData("asha@-example.org", null)]
    [InlineData("a sha@example.org", null)]
    [InlineData("asha@\uFFFE.org", null)]
    [InlineData("asha", null)]
    public void An_address_has_one_form_or_is_refused(string typed, string? address) =>
        EmailAddress.Parse(typed).ShouldBe(address);

    [Fact]
    public void Forms_of_one_address_compare_as_equal()
    {
        EmailAddress.Normal(" asha@डाक.भारत ").ShouldBe(EmailAddress.Normal("ASHA@XN--11BX1G.XN--H2BRJ9C"));
        EmailAddress.Normal("asha@bücher.example").ShouldBe(EmailAddress.Normal("Asha@BÜCHER.example"));
        EmailAddress.Normal("\uFFFE@example.org").ShouldBe("");
        EmailAddress.Parse("asha\uD800@example.org").ShouldBeNull();
    }

    [Fact]
    public async Task One_account_is_found_by_every_form_of_its_address_on_every_route()
    {
        const string Typed = " Asha.Idn@bücher.EXAMPLE ", Ascii = "asha.idn@xn--bcher-kva.example";
        (await Server.Anonymous().Post("/api/auth/signup", new { email = Typed, password = Person.Password })).Is(201)
            ["email"].ShouldBe("Asha.Idn@xn--bcher-kva.example");
        (await Server.Anonymous().Post("/api/auth/signup", new { email = Ascii, password = Person.Password }))
            .Is(409, "email_already_registered");
        foreach (var form in (string[])[Typed, Ascii, "ASHA.IDN@BÜCHER.EXAMPLE"])
        {
            (await Server.Anonymous().Post("/api/auth/login", new { email = form, password = Person.Password }))
                .Is(200);
            var admin = await Server.User("admin");
            (await admin.Http.Get("/api/admin/users?q=" + Uri.EscapeDataString(form))).Is(200).Items.Count()
                .ShouldBe(1);
            (await Server.Anonymous().Post("/api/auth/password-reset", new { email = form })).Is(202);
        }
        (await Server.Owner.Statement("""
            select count(*) from identity.mailed_tokens t join identity.users u on u.id = t.user_id
             where u.email = 'Asha.Idn@xn--bcher-kva.example' and t.purpose = 'reset_password'
            """).Value<long>()).ShouldBe(1);
    }
}
