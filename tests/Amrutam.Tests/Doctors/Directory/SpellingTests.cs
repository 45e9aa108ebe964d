using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Doctors.Directory;

/// <summary>Spellings of one name find each other, each pair by a rule of its script.</summary>
public sealed class SpellingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Theory]
    // Nukta, decomposed and composed.
    [InlineData("फ़िरोज़", "फिरोज")]
    [InlineData("फ\u093Cिरोज\u093C", "\u095Eिरो\u095B")]
    [InlineData("जाफ़री", "जाफरी")]
    // Anusvara and the nasal of the class of the next letter, and a final म्.
    [InlineData("चन्द्रशेखर", "चंद्रशेखर")]
    [InlineData("गङ्गा", "गंगा")]
    [InlineData("पञ्चकर्म", "पंचकर्म")]
    [InlineData("पण्डित", "पंडित")]
    [InlineData("सम्पूर्णा", "संपूर्णा")]
    [InlineData("संस्कृतम्", "संस्कृतं")]
    // Chandrabindu, vowel length, joiners, final virama, digits.
    [InlineData("चाँदनी", "चांदनी")]
    [InlineData("सुनीता", "सुनिता")]
    [InlineData("ऊषा", "उषा")]
    [InlineData("ईशा", "इशा")]
    [InlineData("शर्\u200Dमा", "शर्मा")]
    [InlineData("जगत्", "जगत")]
    // Other scripts of India, by corresponding letters.
    [InlineData("मालती", "মালতী")]
    [InlineData("पटेल", "પટેલ")]
    [InlineData("गुरप्रीत", "ਗੁਰਪ੍ਰੀਤ")]
    [InlineData("अर्जुन", "അർജുൻ")]
    [InlineData("गोपाल", "గోపాల్")]
    // Latin letters.
    [InlineData("Michał", "michal")]
    [InlineData("ＳＨＡＲＭＡ", "sharma")]
    [InlineData("Søren", "soren")]
    [InlineData("Weiß", "weiss")]
    [InlineData("Pañcakarma", "pancakarma")]
    public async Task Spellings_of_one_word_are_folded_alike(string one, string other) =>
        (await Folded(one)).ShouldBe(await Folded(other));

    [Theory]
    [InlineData("शर्मा", "sharma")]
    [InlineData("लक्ष्मी", "laxmi")]
    [InlineData("लक्ष्मी", "lakshmi")]
    [InlineData("फ़िरोज़", "firoz")]
    [InlineData("चन्द्रशेखर", "chandrashekhar")]
    [InlineData("सिंह", "singh")]
    [InlineData("सुनीता", "sunita")]
    [InlineData("ज्ञानेश", "gyanesh")]
    [InlineData("कृष्ण", "krishna")]
    [InlineData("भरत", "bharat")]
    [InlineData("गौरव", "gaurav")]
    [InlineData("ശർമ്മ", "sharma")]
    [InlineData("పటేల్", "patel")]
    public async Task A_name_is_found_in_another_script_both_ways(string indian, string latin)
    {
        var (first, second) = (await Doctor(indian), await Doctor(latin));
        foreach (var typed in new[] { indian, latin })
            (await fixture.Server.Anonymous().Get("/api/doctors?limit=100&q=" + Uri.EscapeDataString(typed))).Is(200)
                .Ids().ShouldBe([first, second], ignoreOrder: true, typed);
        await fixture.Server.Owner.Statement("delete from doctors.profiles").Execute();
        await fixture.Server.Owner.Statement("delete from doctors.words").Execute();
    }

    [Fact]
    public async Task A_server_of_the_version_before_finds_words_too()
    {
        await Doctor("फ़िरोज़");
        (await fixture.Server.Owner.Statement("""
            select count(*) from doctors.profiles where search @@ doctors.query_of('फिरोज', '')
            """).Value<long>()).ShouldBe(1);
        await fixture.Server.Owner.Statement("delete from doctors.profiles").Execute();
    }

    Task<string?> Folded(string word) =>
        fixture.Server.Owner.Statement("select doctors.folded($1)").With(word).Value<string>();

    async Task<Guid> Doctor(string name)
    {
        var doctor = await fixture.Server.User("doctor");
        (await doctor.Http.Post("/api/doctors/profile",
            new { full_name = name, specialization = "x", experience = 1, bio = "x" })).Is(201);
        return doctor.Id;
    }
}
