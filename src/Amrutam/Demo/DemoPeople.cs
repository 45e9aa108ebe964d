namespace Amrutam.Demo;

/// <summary>The invented people of the demo.</summary>
static class DemoPeople
{
    /// <param name="Languages">Codes, with spaces between.</param>
    public sealed record Doctor(
        string Name, string Specialization, int Experience, string Languages, int? FeeMinor, string Bio,
        string Zone = "Asia/Kolkata", string Currency = "INR");

    /// <param name="index">The place in <see cref="Doctors"/>, from 0.</param>
    public static string EmailOfDoctor(int index) => $"doctor{index + 1:00}@demo.example";

    /// <param name="index">The place in <see cref="Patients"/>, from 0.</param>
    public static string EmailOfPatient(int index) => $"patient{index + 1:00}@demo.example";

    /// <param name="index">The place in <see cref="Staff"/>, from 0.</param>
    public static string EmailOfStaff(int index) => $"desk{index + 1}@demo.example";

    /// <summary>The people at the front desk.</summary>
    public static IReadOnlyList<string> Staff { get; } = ["Savita Pawar", "Joseph Kurian"];

    public static IReadOnlyList<Doctor> Doctors { get; } = [
        new("Dr. Ananya Sharma (डॉ. अनन्या शर्मा)", "Panchakarma", 14, "hi en", 80000,
            "Cleansing therapies and oil massage for long-standing joint and back pain."),
        new("Dr. Meenakshi Iyer (மீனாட்சி ஐயர்)", "Kayachikitsa", 22, "ta en", 90000,
            "Internal medicine: digestion, fevers, diabetes. Reads the pulse before the reports."),
        new("Dr. Arjun Nair (അർജുൻ നായർ)", "Shalya Tantra", 17, "ml en", 120000,
            "Kṣāra-sūtra for fistula and piles; minor surgery and wound care."),
        new("Dr. Lakshmi Rao (లక్ష్మీ రావు)", "Prasuti Tantra", 19, "te en hi", 85000,
            "Pregnancy, birth and the weeks after; painful and irregular cycles."),
        new("Dr. Basavaraj Kulkarni (ಬಸವರಾಜ ಕುಲಕರ್ಣಿ)", "Kaumarabhritya", 11, "kn mr en", 60000,
            "Children from the first days to school age: growth, allergies, sleep."),
        new("Dr. Debjani Banerjee (দেবযানী ব্যানার্জী)", "Shalakya Tantra", 26, "bn en hi", 95000,
            "Eyes, ears, nose and throat: dry eyes, sinus trouble, migraine."),
        new("Dr. Harshil Patel (હર્ષિલ પટેલ)", "Rasayana", 9, "gu hi en", 50000,
            "Rejuvenation: tiredness, recovery after illness, healthy ageing."),
        new("Dr. Gurpreet Kaur (ਗੁਰਪ੍ਰੀਤ ਕੌਰ)", "Ayurvedic Dermatology", 8, "pa hi en", 70000,
            "Eczema, psoriasis, acne and hair loss, treated with diet first."),
        new("Dr. Sanjay Deshpande (डॉ. संजय देशपांडे)", "Panchakarma", 31, "mr hi en", 150000,
            "Three decades of vamana and basti; teaches at a college in Pune."),
        new("Dr. Kavitha Reddy (కవితా రెడ్డి)", "Ayurvedic Nutrition", 6, "te en", 40000,
            "Food by constitution and season; weight, thyroid and sugar."),
        new("Vaidya Raghunath Joshi (वैद्य रघुनाथ जोशी)", "Nadi Pariksha", 44, "hi sa mr", 30000,
            "Pulse diagnosis in the old way, second opinions, questions about medicines."),
        new("Dr. Priya Menon (പ്രിയ മേനോൻ)", "Manasa Roga", 13, "ml en hi", 110000,
            "Stress, sleeplessness, worry and low mood; works with your psychiatrist."),
        new("Dr. Aditya Chaudhary", "Agada Tantra", 10, "hi en", 65000,
            "Allergies, insect bites, slow poisons of work and air."),
        new("Dr. Nandini Bhat (ನಂದಿನಿ ಭಟ್)", "Prasuti Tantra", 7, "kn tcy en", 55000,
            "Fertility, thyroid in pregnancy, the months after birth."),
        new("Dr. Farhan Siddiqui (فرحان صدیقی)", "Kayachikitsa", 15, "ur hi en", 60000,
            "Asthma, acidity and the liver; explains every medicine."),
        new("Dr. Sushmita Bora (সুস্মিতা বৰা)", "Kaumarabhritya", 5, "as bn en", 45000,
            "Newborns and anxious parents. Evening hours by arrangement."),
        new("Dr. Manoj Mohanty (ମନୋଜ ମହାନ୍ତି)", "Ayurvedic Orthopaedics", 20, "or hi en", 75000,
            "Backs, knees and shoulders; marma therapy and exercise."),
        new("Dr. Ishaan Kapoor", "Sports Ayurveda", 4, "hi en", 50000,
            "Runners' knees and office necks; strength without supplements."),
        new("Dr. Revathi Subramaniam (ரேவதி சுப்பிரமணியம்)", "Shalakya Tantra", 18, "ta en", 80000,
            "Dry eyes, failing sight, ringing ears; netra tarpana."),
        new("Dr. Tenzin Dolma (བསྟན་འཛིན་སྒྲོལ་མ་)", "Rasayana", 12, "bo hi en", 55000,
            "Recovery after chemotherapy, alongside your oncologist."),
        new("Dr. Rohan Fernandes", "Ayurvedic Dermatology", 16, "kok en pt", 70000,
            "Skin and scalp; what the sun of Goa does to both."),
        new("Dr. Maya Krishnan", "Panchakarma", 21, "en ta", 9000,
            "Sees the diaspora: chronic pain, burnout, life between two kitchens.", "Europe/London", "GBP"),
        new("Dr. Vikram Mehta", "Ayurvedic Nutrition", 12, "en gu hi", 12000,
            "Heart, weight and sugar for people who cook little and sit long.", "America/New_York", "USD"),
        new("Dr. Leela Pillai", "Manasa Roga", 9, "en ml ar", null,
            "Sleep and worry far from home; first talk without a fee.", "Asia/Dubai", "AED"),
    ];

    public static IReadOnlyList<string> Patients { get; } = [
        "Aarav Gupta", "Aditi Verma", "आकाश यादव", "Amina Khan", "Anil Kumar", "அன்பு செல்வன்", "Anjali Das",
        "Arun Prasad", "Asha Pillai", "Bhavna Shah", "Chetan Rao", "దీపిక రెడ్డి", "Deepak Malhotra",
        "Devika Nambiar", "Dhruv Saxena", "Divya Krishnan", "Esha Mukherjee", "Faizal Ahmed", "Gauri Kulkarni",
        "ગીતા પટેલ", "Gopal Krishna", "Harini Raman", "Harsh Vardhan", "Indira Sen", "Jaspreet Singh",
        "Jaya Lakshmi", "Karan Thakur", "കാവ്യ കുറുപ്പ്", "Kiran Bedre", "Kunal Bose", "Lata Joshi",
        "Madhavi Iyer", "Mahesh Balan", "ਮਨਪ੍ਰੀਤ ਕੌਰ", "Manish Tiwari", "Meera Nair", "Mohan Lal", "Nalini Rao",
        "Naveen Shetty", "Neha Agarwal", "Nikhil Deshmukh", "নীলিমা ঘোষ", "Omkar Patil", "Padma Reddy",
        "Pooja Mishra", "Prakash Jha", "Rachna Kapoor", "Rajesh Khatri", "ರಮ್ಯಾ ಗೌಡ", "Ravi Shenoy",
        "Rekha Menon", "Rohit Chawla", "Sahana Murthy", "Salim Sheikh", "Sandhya Rani", "Shreya Ghosh",
        "सुनीता देवी", "Tanvi Bhatt", "Uday Chandran", "Varsha Kale",
    ];
}
